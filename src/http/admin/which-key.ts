import { type ApiKey, findApiKey, listApiKeys } from '../../accounts/api-keys.ts'
import { Refused } from '../../runtime/refused.ts'
import type { Storage } from '../../storage/storage.ts'

/** The key that a command means: the one it names, or the first of all. */
export async function whichKey(storage: Storage, reference: string | undefined): Promise<ApiKey> {
  if (reference !== undefined) return findApiKey(storage, reference)
  const [first] = await listApiKeys(storage)
  if (first === undefined) {
    throw new Refused('not-found', 'there is no API key yet; make one with: paravion key create <name>')
  }
  return first
}
