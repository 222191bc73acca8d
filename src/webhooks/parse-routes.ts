/** Webhooks that are told the mail to an address: made here, or of a domain that the API key has proved. */
import { randomInt } from 'node:crypto'
import { specialAddresses } from '../inbound/addresses.ts'
import { type Address, formatAddress, normaliseAddress, parseAddress } from '../mail/address.ts'
import type { AccountId, KeyId, WebhookId } from '../mail/ids.ts'
import { readParameters } from '../routing/parameters.ts'
import { Refused } from '../runtime/refused.ts'
import type { Storage } from '../storage/storage.ts'
import { changeWebhook } from './change-webhook.ts'
import { checkHookUrl } from './check-url.ts'
import type { WebhooksContext } from './context.ts'
import { addWebhook, selectWebhooks, type Webhook } from './webhooks.ts'

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const localLength = 16

/** Without an address, one is made; a key has at most one of those. With its secret, to be shown once. Throws Refused. */
export async function addParseRoute(
  ctx: WebhooksContext,
  { keyId, address, url }: { keyId: KeyId; address?: string; url: string },
): Promise<{ webhook: Webhook; secret: string }> {
  checkHookUrl(url, { needsPath: true })
  const isMade = address === undefined || address.trim() === ''
  if (isMade) await checkNoneMade(ctx, keyId)
  const given = isMade ? makeAddress(ctx.mailDomain) : await checkAddress(ctx, keyId, address)
  return addWebhook(ctx, { keyId, kind: 'mail', url, ...given }, taken(given.address))
}

export async function changeParseRoute(
  ctx: WebhooksContext,
  webhook: Webhook,
  { address, url, state }: { address?: string; url?: string; state?: Webhook['state'] },
): Promise<Webhook> {
  if (url !== undefined) checkHookUrl(url, { needsPath: true })
  const given = address === undefined ? {} : await checkAddress(ctx, webhook.keyId, address, webhook)
  const changes = { ...given, ...(url !== undefined && { url }), ...(state !== undefined && { state }) }
  return changeWebhook(ctx, { webhook, changes, taken: taken(address ?? '') })
}

export type MailRoute = { id: WebhookId; keyId: KeyId; accountId: AccountId; isAlive: boolean }

/**
 * Whose mail it is; undefined when no program takes it. Where the domain is not ours, the key must have proved it still:
 * domains change hands.
 */
export async function findMailRoute(
  { db }: Pick<Storage, 'db'>,
  { address, mailDomain }: { address: Address; mailDomain: string },
): Promise<MailRoute | undefined> {
  const row = await db
    .selectFrom('webhooks')
    .innerJoin('api_keys', 'api_keys.id', 'webhooks.key_id')
    .select(['webhooks.id', 'webhooks.key_id as keyId', 'webhooks.state', 'api_keys.account_id as accountId'])
    .where('webhooks.kind', '=', 'mail')
    .where('webhooks.topic', '=', normaliseAddress(address))
    .executeTakeFirst()
  if (row === undefined) return undefined
  const { keyId, state, ...route } = row
  if (address.domain !== mailDomain && !(await hasProved({ db }, keyId, address.domain))) return undefined
  return { ...route, keyId, isAlive: state === 'alive' }
}

function makeAddress(domain: string): { topic: string; address: string } {
  // Letters and digits at both ends; one hyphen somewhere between, as people know such addresses.
  const characters = Array.from({ length: localLength }, () => letters[randomInt(letters.length)] ?? 'a')
  characters[randomInt(1, localLength - 1)] = '-'
  const address = { local: characters.join(''), domain }
  return { topic: normaliseAddress(address), address: formatAddress(address) }
}

async function checkNoneMade({ storage, mailDomain }: WebhooksContext, keyId: KeyId): Promise<void> {
  const routes = await selectWebhooks(storage.db, { keyId, kind: 'mail' }).execute()
  const made = routes.find(({ topic }) => topic.endsWith(`@${mailDomain}`))
  if (made === undefined) return
  throw new Refused(
    'conflict',
    `the API key has its address already: ${made.address}. Others can be of a domain that the key has proved`,
  )
}

async function checkAddress(
  { storage, mailDomain }: WebhooksContext,
  keyId: KeyId,
  text: string,
  known?: Webhook,
): Promise<{ topic: string; address: string }> {
  const address = parseAddress(text.trim())
  if (address === undefined) throw new Refused('bad-address', `'${text.slice(0, 300)}' is not an address`)
  if (address.local === '*') {
    throw new Refused(
      'bad-address',
      `'${text.slice(0, 300)}' stands for no address: a route is for one. Give each address that a program reads a route`,
    )
  }
  const topic = normaliseAddress(address)
  if (known?.topic === topic) return { topic, address: text.trim() }
  if (address.domain === mailDomain) {
    throw new Refused(
      'bad-value',
      `addresses at ${mailDomain} are made by this server; leave the address out`,
    )
  }
  await checkProved(storage, keyId, address.domain)
  const alias = await storage.db
    .selectFrom('aliases')
    .select('id')
    .where('name', '=', address.local.toLowerCase())
    .where('domain', '=', address.domain)
    .executeTakeFirst()
  if (alias !== undefined) {
    throw new Refused('conflict', `${topic} is an alias, and its mail becomes leads; remove the alias first`)
  }
  await checkNotSpecial(storage, keyId, topic)
  return { topic, address: text.trim() }
}

/** A program would take the reports and the replies that these addresses are for. */
async function checkNotSpecial(storage: Storage, keyId: KeyId, topic: string): Promise<void> {
  const { account_id: accountId } = await storage.db
    .selectFrom('api_keys')
    .select('account_id')
    .where('id', '=', keyId)
    .executeTakeFirstOrThrow()
  const { bounce, catchall } = specialAddresses(await readParameters(storage, accountId))
  const kind = bounce.includes(topic) ? 'bounce' : catchall.includes(topic) ? 'catchall' : undefined
  if (kind === undefined) return
  throw new Refused(
    'conflict',
    `${topic} is the ${kind} address of the account (paravion param list); choose another address`,
  )
}

async function checkProved(storage: Storage, keyId: KeyId, domain: string): Promise<void> {
  if (await hasProved(storage, keyId, domain)) return
  throw new Refused(
    'sender-not-allowed',
    `the API key has not proved the domain ${domain}; prove it first (paravion domain add ${domain}), or leave the address out to have one made`,
  )
}

async function hasProved({ db }: Pick<Storage, 'db'>, keyId: KeyId, domain: string): Promise<boolean> {
  const sender = await db
    .selectFrom('senders')
    .select('id')
    .where('key_id', '=', keyId)
    .where('email', '=', `*@${domain}`)
    .where('status', '=', 'active')
    .executeTakeFirst()
  return sender !== undefined
}

function taken(address: string): string {
  return `there is a parse route for ${address} already`
}
