/** A new key beside the old one, which goes on signing until DNS shows the new one (check-domain.ts). */
import type { DomainId } from '../mail/ids.ts'
import { Refused } from '../runtime/refused.ts'
import type { DomainsContext } from './context.ts'
import { type DkimKey, generateEd25519Key, generateRsaKey } from './dkim-keys.ts'
import { insertKeyRows, toKeyRow } from './domain-rows.ts'
import { type DomainKey, findDomainById, readKeys } from './domains.ts'

/** Asked again before the change-over, it gives the key that is waiting already. */
export async function rotateDkim(ctx: DomainsContext, id: DomainId): Promise<readonly DomainKey[]> {
  const domain = await findDomainById(ctx.storage, id)
  if (domain === undefined) throw new Refused('not-found', `there is no domain ${id}`)
  const waiting = await nextKeys(ctx, id)
  if (waiting.length > 0) return waiting

  const all = await readKeys(ctx.storage, id)
  const active = all.filter(({ state }) => state === 'active')
  const taken = new Set(all.map(({ selector }) => selector))
  const fresh = await Promise.all(
    active.map(async (key) => {
      const selector = nextSelector(key.selector, taken)
      taken.add(selector)
      return toKeyRow({ ...(await makeLike(key, ctx)), selector }, ctx.seal)
    }),
  )
  const firstId = await ctx.storage.reserveIds(fresh.length)
  await ctx.storage.db.transaction().execute(async (transaction) => {
    // Locks the domain, so that two rotations at once do not leave two new keys.
    await transaction.updateTable('domains').set({ id }).where('id', '=', id).execute()
    const other = await transaction
      .selectFrom('dkim_keys')
      .select('id')
      .where('domain_id', '=', id)
      .where('state', '=', 'next')
      .executeTakeFirst()
    if (other !== undefined) return
    await insertKeyRows(transaction, {
      firstId,
      domainId: id,
      name: domain.name,
      keys: fresh,
      state: 'next',
      now: ctx.clock.now(),
    })
  })
  ctx.log.info({ keyId: domain.keyId, domain: domain.name }, 'new DKIM key made, waits for its record')
  ctx.changed({ keyId: domain.keyId, domain: domain.name })
  return nextKeys(ctx, id)
}

async function nextKeys(ctx: DomainsContext, id: DomainId): Promise<DomainKey[]> {
  return (await readKeys(ctx.storage, id)).filter(({ state }) => state === 'next')
}

function makeLike({ algorithm }: DomainKey, { settings }: DomainsContext): Promise<DkimKey> {
  return algorithm === 'rsa-sha256' ? generateRsaKey({ bits: settings.dkim.bits }) : generateEd25519Key()
}

/** mailjet, mailjet2, mailjet3; mailjet-ed25519, mailjet2-ed25519. */
export function nextSelector(selector: string, taken: ReadonlySet<string>): string {
  const [, whole = selector, suffix = ''] = /^(.*?)(-ed25519)?$/.exec(selector) ?? []
  const [, stem = whole, digits = ''] = /^(.*?)(\d{0,9})$/.exec(whole) ?? []
  let number = Number(digits === '' ? 1 : digits) + 1
  while (taken.has(`${stem}${number}${suffix}`)) number += 1
  return `${stem}${number}${suffix}`
}
