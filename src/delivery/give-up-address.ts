/** What failures say about an address: one last word, or one failure too many, and nothing is sent there any more. */
import { isOnceTooOften, recordSoftBounce } from '../contacts/soft-bounces.ts'
import { suppress } from '../contacts/suppressions.ts'
import { normaliseAddress, parseAddress } from '../mail/address.ts'
import type { DeliveryId, KeyId, MessageId } from '../mail/ids.ts'
import { classRules, type ReplyClass, replyClasses } from '../mail/reply-classes.ts'
import type { Storage, Write } from '../storage/storage.ts'

/** Soft classes that speak of the address; the others speak of the moment or of the way there. */
const aboutTheAddress: readonly string[] = ['mailbox-full', 'unknown']

/** How a delivery ended that did not arrive. */
export type Ending = {
  deliveryId: DeliveryId
  address: string
  class: string
  /** The host's own words. */
  said: string
  /** The host meant it for good, and not that our time ran out while it said "later". */
  isFinal: boolean
}

export type GivenUp = {
  writes: Write[]
  /** Normalised. */
  addresses: string[]
}

/** For the commit of these endings. */
export async function giveUpAddresses(
  storage: Pick<Storage, 'db'>,
  { id: messageId, keyId }: { id: MessageId; keyId: KeyId },
  endings: readonly Ending[],
  now: number,
): Promise<GivenUp> {
  const givenUp: GivenUp = { writes: [], addresses: [] }
  for (const { deliveryId, address: text, class: endingClass, said, isFinal } of endings) {
    const parsed = parseAddress(text)
    if (parsed === undefined) continue
    const address = normaliseAddress(parsed)
    const entry = { keyId, address, messageId, deliveryId, at: now }
    const isHard = isHardClass(endingClass)
    if (isHard && isFinal) {
      givenUp.writes.push(...suppress({ ...entry, reason: 'hard-bounce', origin: said }))
      givenUp.addresses.push(address)
    } else if (isHard || aboutTheAddress.includes(endingClass)) {
      givenUp.writes.push(recordSoftBounce(entry))
      if (!(await isOnceTooOften(storage, entry))) continue
      const origin = `the last of many: ${said}`
      givenUp.writes.push(...suppress({ ...entry, reason: 'soft-bounces', origin }))
      givenUp.addresses.push(address)
    }
  }
  return givenUp
}

export function isHardClass(name: string): boolean {
  const known = replyClasses.find((one): one is ReplyClass => one === name)
  return known !== undefined && classRules[known].kind === 'hard'
}
