/** Contacts as API calls and people change them: a few at a time, each call a transaction of its own. */
import type { KeyId } from '../mail/ids.ts'
import type { ContactsContext } from './context.ts'
import type { Property } from './properties.ts'
import { type Batch, reserveFor, type StoredBatch, storeContacts } from './store-contacts.ts'
import { type DateReader, type NewValues, readValue } from './values.ts'

/** `accept` sees what would be stored before it is: when it throws, nothing is. */
export async function saveContacts(
  { storage, clock, suppressionCheck }: Pick<ContactsContext, 'storage' | 'clock' | 'suppressionCheck'>,
  {
    accept,
    ...batch
  }: Omit<Batch, 'now' | 'creates'> & {
    creates?: boolean
    accept?: (stored: StoredBatch) => void
  },
): Promise<StoredBatch> {
  const whole = { creates: true, ...batch, now: clock.now() }
  const firstId = await reserveFor(storage, whole)
  const stored = await storage.db.transaction().execute(async (tx) => {
    const result = await storeContacts(tx, { ...whole, firstId })
    accept?.(result)
    return result
  })
  tellOf(suppressionCheck, batch.keyId, stored.exclusionsChanged)
  return stored
}

export function tellOf(
  check: ContactsContext['suppressionCheck'],
  keyId: KeyId,
  addresses: readonly string[],
): void {
  for (const address of addresses) check.forget(keyId, address)
}

export type ValueProblem = { name: string; problem: 'unknown' | 'type' }

/** Values by the names of properties; null takes one away. What is wrong comes back by name. */
export function readValues(
  given: Iterable<readonly [string, unknown]>,
  properties: ReadonlyMap<string, Property>,
  options: { readDate?: DateReader } = {},
): { values: NewValues; problems: ValueProblem[] } {
  const values = new Map<Property['id'], ReturnType<typeof readValue> | null>()
  const problems: ValueProblem[] = []
  for (const [name, value] of given) {
    const property = properties.get(name.trim().toLowerCase())
    if (property === undefined) {
      problems.push({ name, problem: 'unknown' })
      continue
    }
    const read = value === null ? null : readValue(property.type, value, options)
    if (read === undefined) problems.push({ name, problem: 'type' })
    else values.set(property.id, read)
  }
  return { values: values as NewValues, problems }
}
