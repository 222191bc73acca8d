/** Whoever is written to is a contact of the key from then on (reference: contacts.md §2, send-api.md §9). */
import { type Address, normaliseAddress } from '../mail/address.ts'
import type { ContactId, KeyId } from '../mail/ids.ts'
import { createRecent } from '../runtime/recent.ts'
import { defineEnsure, type Storage, type Write } from '../storage/storage.ts'

const ensureContact = defineEnsure('contacts', ['id', 'key_id', 'email', 'created_at'])

const maxRemembered = 100_000
/** An erased person who is written to again is a contact again, at the latest so much later. */
const rememberedMs = 60_000

export type Met = {
  /** Rows for those that may be new, to be stored with the mail to them, and what to call once they are. */
  meet(
    mail: readonly { keyId: KeyId; addresses: readonly Address[] }[],
    /** Of its acceptance: what becomes of it counts for them. */
    now: number,
  ): Promise<{ writes: readonly Write[]; stored(): void }>
}

const nobodyNew = { writes: [], stored: () => undefined }

export function createMet(storage: Pick<Storage, 'reserveIds'>): Met {
  const remembered = createRecent<string, number>({ max: maxRemembered })

  return {
    async meet(mail, now) {
      const unknown = new Map<string, { keyId: KeyId; email: string }>()
      for (const { keyId, addresses } of mail) {
        for (const address of addresses) {
          const email = normaliseAddress(address)
          const name = `${keyId} ${email}`
          const since = remembered.get(name)
          if (since === undefined || now - since > rememberedMs) unknown.set(name, { keyId, email })
        }
      }
      if (unknown.size === 0) return nobodyNew
      const firstId = await storage.reserveIds(unknown.size)
      // In one order, so that two who store the same people do not wait for each other.
      const inOrder = [...unknown].toSorted(([a], [b]) => (a < b ? -1 : 1))
      return {
        writes: inOrder.map(([, { keyId, email }], place) =>
          ensureContact({ id: (firstId + place) as ContactId, key_id: keyId, email, created_at: now }),
        ),
        stored() {
          for (const [name] of inOrder) remembered.set(name, now)
        },
      }
    },
  }
}
