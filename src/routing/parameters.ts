/** System parameters of an account, as rows. Known names are checked; the others are the user's own and are kept. */
import type { Kysely } from 'kysely'
import type { AccountId, ServerId } from '../mail/ids.ts'
import { Refused } from '../runtime/refused.ts'
import type { Instant, Schema } from '../storage/schema.ts'
import type { Storage } from '../storage/storage.ts'
import type { ParameterValues } from './default-addresses.ts'
import { knownParameters, massMailingServer, massMailingSwitch } from './known-parameters.ts'

export type SystemParameter = {
  name: string
  /** null while it is not set. */
  value: string | null
  isKnown: boolean
  /** What it is for; '' for names that are the user's own. */
  about: string
  /** What holds while it is not set. */
  unset: string
  updatedAt: Instant | null
}

const maxValueLength = 10_000

/** The known ones, set or not, in the order in which they are explained; then the user's own, by name. */
export async function listParameters(
  storage: Pick<Storage, 'db'>,
  accountId: AccountId,
): Promise<SystemParameter[]> {
  const rows = await readRows(storage.db, accountId)
  const byName = new Map(rows.map((row) => [row.name, row]))
  const known = new Set(knownParameters.map(({ name }) => name))
  return [
    ...knownParameters.map(({ name, about, unset }) => ({
      name,
      value: byName.get(name)?.value ?? null,
      isKnown: true,
      about,
      unset,
      updatedAt: byName.get(name)?.updated_at ?? null,
    })),
    ...rows
      .filter(({ name }) => !known.has(name))
      .map(({ name, value, updated_at }) => {
        return { name, value, isKnown: false, about: '', unset: '', updatedAt: updated_at }
      }),
  ]
}

export async function findParameter(
  storage: Pick<Storage, 'db'>,
  { accountId, name }: { accountId: AccountId; name: string },
): Promise<SystemParameter> {
  const found = (await listParameters(storage, accountId)).find((parameter) => parameter.name === name)
  if (found !== undefined) return found
  throw new Refused(
    'not-found',
    `the system parameter ${name.slice(0, 200)} is not set (paravion param list shows the known ones)`,
  )
}

/** null and '' take the parameter away. */
export async function setParameter(
  storage: Pick<Storage, 'db'>,
  { accountId, name, value, now }: { accountId: AccountId; name: string; value: string | null; now: Instant },
): Promise<SystemParameter | undefined> {
  checkName(name)
  const text = value?.trim() ?? ''
  await storage.db.transaction().execute(async (transaction) => {
    if (text === '') {
      await transaction
        .deleteFrom('system_parameters')
        .where('account_id', '=', accountId)
        .where('name', '=', name)
        .execute()
      return
    }
    const checked = checkValue(name, text)
    if (name === massMailingServer) {
      await checkMassMailing(transaction, { accountId, id: Number(checked) as ServerId })
    }
    const row = { account_id: accountId, name, value: checked, updated_at: now }
    await transaction
      .insertInto('system_parameters')
      .values(row)
      .onConflict((conflict) =>
        conflict.columns(['account_id', 'name']).doUpdateSet({ value: checked, updated_at: now }),
      )
      .execute()
  })
  const all = await listParameters(storage, accountId)
  return all.find((parameter) => parameter.name === name)
}

export async function readParameters(
  storage: Pick<Storage, 'db'>,
  accountId: AccountId,
): Promise<ParameterValues> {
  const rows = await readRows(storage.db, accountId)
  return Object.fromEntries(rows.map(({ name, value }) => [name, value]))
}

/** The server that carries mass mail, where one is set and not switched off. */
export function massMailingServerId(parameters: ParameterValues): ServerId | undefined {
  const id = parameters[massMailingServer]
  if (id === undefined || parameters[massMailingSwitch] === 'False') return undefined
  return Number(id) as ServerId
}

function checkName(name: string): void {
  if (name.startsWith('cli.')) {
    throw new Refused(
      'bad-value',
      `${name.slice(0, 200)} belongs to the settings of the instance: gateway.email_from and gateway.from_filter`,
    )
  }
  if (!/^[\w.-]{1,200}$/.test(name)) {
    throw new Refused(
      'bad-value',
      'the name of a system parameter has 1 to 200 letters, digits, dots, underscores and hyphens',
    )
  }
}

function checkValue(name: string, text: string): string {
  if (text.length > maxValueLength) {
    throw new Refused('bad-value', `the value of ${name} has at most ${maxValueLength} characters`)
  }
  const known = knownParameters.find((parameter) => parameter.name === name)
  if (known === undefined) return text
  const value = known.read(text)
  if (value !== undefined) return value
  throw new Refused('bad-value', `${name} must be ${known.expected}; '${text.slice(0, 200)}' is not`)
}

async function checkMassMailing(
  db: Kysely<Schema>,
  { accountId, id }: { accountId: AccountId; id: ServerId },
): Promise<void> {
  const server = await db
    .selectFrom('outgoing_servers')
    .select(['name', 'is_active'])
    .where('id', '=', id)
    .where('account_id', '=', accountId)
    .executeTakeFirst()
  if (server === undefined) {
    throw new Refused('bad-value', `${id} is not an outgoing server of this account (paravion server list)`)
  }
  if (server.is_active === 0) {
    throw new Refused(
      'bad-value',
      `the outgoing server "${server.name}" is archived; it cannot carry mass mail`,
    )
  }
}

function readRows(db: Kysely<Schema>, accountId: AccountId) {
  return db
    .selectFrom('system_parameters')
    .selectAll()
    .where('account_id', '=', accountId)
    .orderBy('name')
    .execute()
}
