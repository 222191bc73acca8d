import { type ApiKey, findApiKey, listApiKeys } from '../../accounts/api-keys.ts'
import { Refused } from '../../runtime/refused.ts'
import type { Storage } from '../../storage/storage.ts'

/**
 * The key that a command means: the one it names, or the first of the first account. The instance's own key, older than
 * any other, belongs to an account that is made after that one.
 */
export async function whichKey(storage: Storage, reference: string | undefined): Promise<ApiKey> {
  if (reference !== undefined) return findApiKey(storage, reference)
  const [first] = (await listApiKeys(storage)).toSorted((a, b) => a.accountId - b.accountId || a.id - b.id)
  if (first === undefined) {
    throw new Refused('not-found', 'there is no API key yet; make one with: paravion key create <name>')
  }
  return first
}
