/** A stored message once more: to whom, and what of its options still holds. */
import type { Story } from '../../events/story.ts'
import type { MessageOptions } from '../../intake/submission.ts'
import { type Address, parseAddress } from '../../mail/address.ts'
import { BadField } from '../errors.ts'

export const maxResent = 1_000

/** Those that are given, or all that the story is about. Throws BadField where these are not told in full. */
export function resendRecipients(
  { message, deliveries }: { message: Pick<Story['message'], 'recipientCount'>; deliveries: RecipientsOf },
  to: readonly string[] | undefined,
): { address: Address }[] {
  if (to === undefined && deliveries.length >= maxResent && message.recipientCount > deliveries.length) {
    throw new BadField(
      'to',
      `this message has ${message.recipientCount} recipients; name those who get it again, at most ${maxResent} in one call`,
    )
  }
  const asked = to ?? deliveries.map(({ recipient }) => recipient)
  return asked.map((text, index) => {
    const address = parseAddress(text.trim())
    if (address === undefined) throw new BadField(`to.${index}`, `'${text}' is not an address`)
    return { address }
  })
}

type RecipientsOf = readonly { recipient: string }[]

/** Mass mail stays mass mail, and is tracked as it was; what was for the first client alone is left. */
export function resendOptions({ bulk, trackOpens, trackClicks }: MessageOptions): MessageOptions {
  return {
    ...(bulk === true && { bulk }),
    ...(trackOpens !== undefined && { trackOpens }),
    ...(trackClicks !== undefined && { trackClicks }),
  }
}
