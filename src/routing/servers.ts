/** The outgoing servers of an account, as rows. Their secrets go in and never come out, except to be used. */
import type { Kysely } from 'kysely'
import type { AccountId, ServerId } from '../mail/ids.ts'
import { Refused } from '../runtime/refused.ts'
import type { Seal } from '../runtime/seal.ts'
import type { Instant, Schema } from '../storage/schema.ts'
import type { Storage } from '../storage/storage.ts'
import { checkHostedPort } from './check-hosted.ts'
import { massMailingServerId, readParameters } from './parameters.ts'
import {
  checkCertificate,
  completeFields,
  mergeFields,
  type NewServer,
  type ServerFields,
  type ServerInput,
  type ServerSecrets,
} from './server-fields.ts'

export type OutgoingServer = ServerFields & {
  id: ServerId
  accountId: AccountId
  hasPassword: boolean
  hasCertificate: boolean
  createdAt: Instant
  updatedAt: Instant
}

export type ServerRow = Schema['outgoing_servers']

export type ServersContext = {
  storage: Storage
  seal: Seal
  /** Port 25 is refused. */
  isHosted: boolean
  now: Instant
}

export async function addServer(
  { storage, seal, isHosted, now }: ServersContext,
  { accountId, input }: { accountId: AccountId; input: NewServer },
): Promise<OutgoingServer> {
  const fields = completeFields(input)
  checkHostedPort(fields.port, { isHosted })
  const secrets: ServerSecrets = {
    password: input.password ?? null,
    certificate: input.certificate ?? null,
    privateKey: input.privateKey ?? null,
  }
  if (fields.authentication === 'certificate') checkCertificate(secrets)
  const id = (await storage.reserveIds(1)) as ServerId
  const row: ServerRow = {
    id,
    account_id: accountId,
    ...toColumns(fields),
    password_sealed: sealed(seal, secrets.password),
    certificate_sealed: sealed(seal, secrets.certificate),
    private_key_sealed: sealed(seal, secrets.privateKey),
    created_at: now,
    updated_at: now,
  }
  return storage.db.transaction().execute(async (transaction) => {
    await checkFallback(transaction, row)
    await transaction.insertInto('outgoing_servers').values(row).execute()
    return toServer(row)
  })
}

/** What is left out stays as it is. */
export async function updateServer(
  { storage, seal, isHosted, now }: ServersContext,
  { id, input }: { id: ServerId; input: ServerInput },
): Promise<OutgoingServer> {
  return storage.db.transaction().execute(async (transaction) => {
    const known = await findRow(transaction, id)
    const fields = mergeFields(toServer(known), input)
    checkHostedPort(fields.port, { isHosted })
    checkSecretStays(known, { host: fields.host, input })
    const columns = {
      ...toColumns(fields),
      ...(input.password !== undefined && { password_sealed: sealed(seal, input.password) }),
      ...(input.certificate !== undefined && { certificate_sealed: sealed(seal, input.certificate) }),
      ...(input.privateKey !== undefined && { private_key_sealed: sealed(seal, input.privateKey) }),
      updated_at: now,
    }
    const row: ServerRow = { ...known, ...columns }
    if (fields.authentication === 'certificate') {
      const { certificate, privateKey } = openSecrets(seal, row)
      checkCertificate({ certificate, privateKey })
    }
    if (known.is_active === 1 && row.is_active === 0) await checkUnused(transaction, row)
    await checkFallback(transaction, row)
    await transaction.updateTable('outgoing_servers').set(columns).where('id', '=', id).execute()
    return toServer(row)
  })
}

/** In the order in which they are used. */
export async function listServers(
  storage: Pick<Storage, 'db'>,
  { accountId }: { accountId?: AccountId } = {},
): Promise<OutgoingServer[]> {
  const all = storage.db.selectFrom('outgoing_servers').selectAll().orderBy('priority').orderBy('id')
  const rows = await (accountId === undefined ? all : all.where('account_id', '=', accountId)).execute()
  return rows.map(toServer)
}

/** By id, or by name where it is the only one of that name. */
export async function findServer(
  storage: Pick<Storage, 'db'>,
  reference: string | number,
): Promise<OutgoingServer> {
  return toServer(await findServerRow(storage, reference))
}

/** With its sealed secrets, for whoever connects to it. */
export async function findServerRow(
  storage: Pick<Storage, 'db'>,
  reference: string | number,
): Promise<ServerRow> {
  const text = String(reference).trim()
  const all = storage.db.selectFrom('outgoing_servers').selectAll()
  const byId = /^\d{1,15}$/.test(text)
    ? await all.where('id', '=', Number(text) as ServerId).executeTakeFirst()
    : undefined
  if (byId !== undefined) return byId
  const named = await all.where('name', '=', text).orderBy('id').limit(2).execute()
  const [first, second] = named
  if (first !== undefined && second === undefined) return first
  throw new Refused(
    'not-found',
    first === undefined
      ? `there is no outgoing server '${text.slice(0, 200)}'; name it by its id or its name (paravion server list)`
      : `several outgoing servers are called '${text.slice(0, 200)}'; name one by its id (paravion server list)`,
  )
}

/** Password or token, certificate and key in clear, for the moment in which they are needed. */
export function openSecrets(seal: Seal, row: ServerRow): ServerSecrets {
  const open = (text: string | null) => (text === null ? null : seal.open(text))
  return {
    password: open(row.password_sealed),
    certificate: open(row.certificate_sealed),
    privateKey: open(row.private_key_sealed),
  }
}

/** What keeps a server from being archived, each in words. */
export async function usesOf(
  db: Kysely<Schema>,
  { id, accountId }: { id: ServerId; accountId: AccountId },
): Promise<string[]> {
  const uses: string[] = []
  if (massMailingServerId(await readParameters({ db }, accountId)) === id) {
    uses.push('it is the server for mass mailing (system parameter mass_mailing.mail_server_id)')
  }
  const others = await db
    .selectFrom('outgoing_servers')
    .select(['id', 'name'])
    .where('fallback_server_id', '=', id)
    .where('is_active', '=', 1)
    .orderBy('id')
    .execute()
  for (const other of others) uses.push(`it is the fallback of "${other.name}" (${other.id})`)
  return uses
}

/** A saved secret was given for a host: whoever names another gives it anew, or takes it away with null. */
function checkSecretStays(known: ServerRow, { host, input }: { host: string; input: ServerInput }): void {
  if (host === known.host || known.password_sealed === null || input.password !== undefined) return
  throw new Refused(
    'bad-value',
    `the saved password is for ${known.host}; give the password for ${host} with it, or null for none`,
  )
}

async function checkUnused(db: Kysely<Schema>, row: ServerRow): Promise<void> {
  const uses = await usesOf(db, { id: row.id, accountId: row.account_id })
  if (uses.length === 0) return
  throw new Refused('conflict', `"${row.name}" is in use and cannot be archived: ${uses.join('; ')}`)
}

async function checkFallback(db: Kysely<Schema>, row: ServerRow): Promise<void> {
  const { fallback_server_id: fallback } = row
  if (fallback === null) return
  if (fallback === row.id) throw new Refused('bad-value', 'a server cannot be its own fallback')
  const found = await db
    .selectFrom('outgoing_servers')
    .select(['name', 'is_active'])
    .where('id', '=', fallback)
    .where('account_id', '=', row.account_id)
    .executeTakeFirst()
  if (found === undefined) {
    throw new Refused('bad-value', `the fallback ${fallback} is not an outgoing server of this account`)
  }
  if (found.is_active === 0 && row.is_active === 1) {
    throw new Refused('bad-value', `the fallback "${found.name}" is archived`)
  }
}

async function findRow(db: Kysely<Schema>, id: ServerId): Promise<ServerRow> {
  const row = await db.selectFrom('outgoing_servers').selectAll().where('id', '=', id).executeTakeFirst()
  if (row === undefined) throw new Refused('not-found', `there is no outgoing server ${id}`)
  return row
}

function sealed(seal: Seal, text: string | null): string | null {
  return text === null ? null : seal.seal(text)
}

export function toColumns(fields: ServerFields) {
  return {
    name: fields.name,
    host: fields.host,
    port: fields.port,
    security: fields.security,
    from_filter: fields.fromFilter,
    priority: fields.priority,
    is_active: fields.isActive ? 1 : 0,
    authentication: fields.authentication,
    user_name: fields.user,
    is_debug: fields.isDebug ? 1 : 0,
    max_size_bytes: fields.maxSizeBytes,
    max_connections: fields.maxConnections,
    max_messages_per_connection: fields.maxMessagesPerConnection,
    max_messages_per_minute: fields.maxMessagesPerMinute,
    fallback_server_id: fields.fallbackServerId,
  } as const
}

export function toServer(row: ServerRow): OutgoingServer {
  return {
    id: row.id,
    accountId: row.account_id,
    name: row.name,
    host: row.host,
    port: row.port,
    security: row.security,
    fromFilter: row.from_filter,
    priority: row.priority,
    isActive: row.is_active === 1,
    authentication: row.authentication,
    user: row.user_name,
    hasPassword: row.password_sealed !== null,
    hasCertificate: row.certificate_sealed !== null,
    isDebug: row.is_debug === 1,
    maxSizeBytes: row.max_size_bytes,
    maxConnections: row.max_connections,
    maxMessagesPerConnection: row.max_messages_per_connection,
    maxMessagesPerMinute: row.max_messages_per_minute,
    fallbackServerId: row.fallback_server_id,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}

/** Gives the servers the priorities 1, 2, 3 … in the order of `ids`; those left out follow in the order they had. */
export async function orderServers(
  { storage, now }: Pick<ServersContext, 'storage' | 'now'>,
  { accountId, ids }: { accountId: AccountId; ids: readonly number[] },
): Promise<OutgoingServer[]> {
  return storage.db.transaction().execute(async (transaction) => {
    const known = await listServers({ db: transaction }, { accountId })
    const unknown = ids.find((id) => !known.some((server) => server.id === id))
    if (unknown !== undefined) {
      throw new Refused('bad-value', `${unknown} is not an outgoing server of this account`)
    }
    if (new Set(ids).size < ids.length) throw new Refused('bad-value', 'a server stands in the order twice')
    const rank = (id: number) => (ids.includes(id) ? ids.indexOf(id) : ids.length)
    const ordered = known.toSorted((a, b) => rank(a.id) - rank(b.id))
    for (const [index, { id, priority }] of ordered.entries()) {
      if (priority === index + 1) continue
      await transaction
        .updateTable('outgoing_servers')
        .set({ priority: index + 1, updated_at: now })
        .where('id', '=', id)
        .execute()
    }
    return listServers({ db: transaction }, { accountId })
  })
}
