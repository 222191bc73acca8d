/** What failures say about an address: one last word, or one failure too many, and nothing is sent there any more. */
import { isOnceTooOften, recordSoftBounce } from '../contacts/soft-bounces.ts'
import { suppress } from '../contacts/suppressions.ts'
import { normaliseAddress, parseAddress } from '../mail/address.ts'
import { classRules, type ReplyClass, replyClasses } from '../mail/reply-classes.ts'
import type { Storage, Write } from '../storage/storage.ts'
import type { OutboundWork, Outcome } from './outbound.ts'

/** Soft classes that speak of the address; the others speak of the moment or of the way there. */
const aboutTheAddress: readonly string[] = ['mailbox-full', 'unknown']

export type GivenUp = {
  writes: Write[]
  /** Normalised. */
  addresses: string[]
}

/** For the commit of these outcomes. */
export async function giveUpAddresses(
  storage: Pick<Storage, 'db'>,
  work: OutboundWork,
  outcomes: readonly Outcome[],
  now: number,
): Promise<GivenUp> {
  const givenUp: GivenUp = { writes: [], addresses: [] }
  const { keyId, id: messageId } = work.message
  for (const [place, outcome] of outcomes.entries()) {
    const recipient = work.recipients[place]
    if (outcome.kind !== 'failed' || recipient === undefined) continue
    const parsed = parseAddress(recipient.address)
    if (parsed === undefined) continue
    const address = normaliseAddress(parsed)
    const { deliveryId } = recipient
    const said = outcome.code === undefined ? outcome.text : `${outcome.code} ${outcome.text}`
    const entry = { keyId, address, messageId, deliveryId, at: now }
    if (isHard(outcome.class)) {
      givenUp.writes.push(suppress({ ...entry, reason: 'hard-bounce', origin: said }))
      givenUp.addresses.push(address)
    } else if (aboutTheAddress.includes(outcome.class)) {
      givenUp.writes.push(recordSoftBounce(entry))
      if (!(await isOnceTooOften(storage, entry))) continue
      givenUp.writes.push(suppress({ ...entry, reason: 'soft-bounces', origin: `the last of many: ${said}` }))
      givenUp.addresses.push(address)
    }
  }
  return givenUp
}

function isHard(outcomeClass: string): boolean {
  const known = replyClasses.find((name): name is ReplyClass => name === outcomeClass)
  return known !== undefined && classRules[known].kind === 'hard'
}
