/** Asked for each message: which way it goes, and as whom. Reads the rules of an account now and then. */

import { type Address, formatAddress, parseAddress } from '../mail/address.ts'
import type { AccountId, KeyId } from '../mail/ids.ts'
import type { Clock } from '../runtime/clock.ts'
import { createLookups } from '../runtime/lookups.ts'
import { createRecent } from '../runtime/recent.ts'
import type { Seal } from '../runtime/seal.ts'
import type { Storage } from '../storage/storage.ts'
import { readParameters } from './parameters.ts'
import type { RelayServer, Route } from './route.ts'
import { createRules, type RoutedMessage, type Rules } from './rules.ts'
import { readSender } from './sender-text.ts'
import { openSecrets, type ServerRow } from './servers.ts'
import { toRelayServer } from './to-relay-server.ts'

export type Router = {
  route(keyId: KeyId, message: RoutedMessage): Promise<Route>
  /**
   * May the key send as this author although it is no sender of it? Yes where an outgoing server was set up for the
   * author or for all; where this instance itself sends the mail under another address, when that one is its sender.
   */
  mayCarry(keyId: KeyId, from: Address, maySendAs: (address: Address) => Promise<boolean>): Promise<boolean>
  /** The notifications address of the account. */
  defaultFrom(accountId: AccountId): Promise<string | undefined>
  /** This process reads the rules of the account again at once. */
  forget(accountId: AccountId): void
}

export type RouterSettings = {
  /** Stand in where the account has no parameter of its own. */
  emailFrom?: string
  fromFilter?: string
  /** What all mail goes through for which there is no outgoing server. */
  smarthost?: RelayServer
}

const maxAgeMs = 5_000
const maxEntries = 10_000

export function createRouter({
  storage,
  clock,
  seal,
  settings = {},
}: {
  storage: Storage
  clock: Clock
  seal: Seal
  settings?: RouterSettings
}): Router {
  // By sealed text: secrets that are read again, unchanged, are not opened again.
  const opened = createRecent<string, RelayServer>({ max: 1_000 })

  function open(row: ServerRow): RelayServer {
    const key = JSON.stringify(row)
    const known = opened.get(key)
    if (known !== undefined) return known
    const server = toRelayServer(row, openSecrets(seal, row))
    opened.set(key, server)
    return server
  }

  const accounts = createLookups(
    async (entry) => {
      const row = await storage.db
        .selectFrom('api_keys')
        .select('account_id')
        .where('id', '=', Number(entry) as KeyId)
        .executeTakeFirst()
      if (row === undefined) throw new Error(`the API key ${entry} does not exist`)
      return row.account_id
    },
    { clock, maxEntries, maxAgeMs },
  )

  const rules = createLookups(
    async (entry): Promise<Rules> => {
      const accountId = Number(entry) as AccountId
      const [rows, own] = await Promise.all([
        storage.db.selectFrom('outgoing_servers').selectAll().where('account_id', '=', accountId).execute(),
        readParameters(storage, accountId),
      ])
      const { emailFrom, fromFilter, smarthost } = settings
      const parameters = { ...own, 'cli.email_from': emailFrom, 'cli.from_filter': fromFilter }
      return createRules({
        rows,
        parameters,
        smarthost,
        open: (row) => withDefaults(open(row), parameters),
      })
    },
    { clock, maxEntries, maxAgeMs },
  )

  async function rulesOf(keyId: KeyId): Promise<Rules> {
    return rules.get(String(await accounts.get(String(keyId))))
  }

  return {
    route: async (keyId, message) => (await rulesOf(keyId)).decide(message),
    async mayCarry(keyId, from, maySendAs) {
      const carriage = (await rulesOf(keyId)).carriageOf(formatAddress(from))
      if (typeof carriage === 'string') return carriage === 'by-server'
      const address = parseAddress(readSender(carriage.directlyAs)?.email ?? '')
      return address !== undefined && maySendAs(address)
    },
    defaultFrom: async (accountId) => (await rules.get(String(accountId))).defaultFrom,
    forget: (accountId) => rules.forget(String(accountId)),
  }
}

/** What the account says for servers that say nothing themselves. */
function withDefaults(server: RelayServer, parameters: Readonly<Record<string, string | undefined>>) {
  const perConnection = parameters['mail.session.batch.size']
  const maxMegabytes = parameters['base.default_max_email_size']
  const { messagesPerConnection = perConnection === undefined ? undefined : Number(perConnection) } =
    server.limits
  const { maxSizeBytes = maxMegabytes === undefined ? undefined : Number(maxMegabytes) * 1024 * 1024 } =
    server
  return {
    ...server,
    limits: { ...server.limits, ...(messagesPerConnection !== undefined && { messagesPerConnection }) },
    ...(maxSizeBytes !== undefined && { maxSizeBytes }),
  }
}
