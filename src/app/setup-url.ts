/** The link that a start prints while the console has no owner. */
import { makeSetupLink } from '../accounts/user-links.ts'
import { setupUrl } from '../http/admin/setup.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Storage } from '../storage/storage.ts'

export async function makeSetupUrl(
  storage: Storage,
  { clock, publicUrl }: { clock: Clock; publicUrl: string },
): Promise<string | undefined> {
  const token = await makeSetupLink(storage, { now: clock.now() })
  return token === undefined ? undefined : setupUrl(publicUrl, token)
}
