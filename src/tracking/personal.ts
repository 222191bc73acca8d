/** The content of one recipient: what was stored, with the links and header fields that are theirs alone. */
import { hash } from 'node:crypto'
import type { HandedWork } from '../intake/hand-over.ts'
import { createOwnLinks, unsubscribeFields } from './own-links.ts'
import type { LinkTokens } from './tokens.ts'

export function createPersonal({
  tokens,
  trackingUrl,
  unsubscribeUrl,
  mailDomain,
  name,
}: {
  tokens: LinkTokens
  /** Where the pixel and the links lead; no slash at the end. */
  trackingUrl(): string
  /** Where unsubscribing is done: HTTPS, wherever there is any (RFC 8058). */
  unsubscribeUrl(): string
  /** Mail to the domain comes to us. */
  mailDomain: string
  /** Of this instance. */
  name: string
}): (work: Pick<HandedWork, 'id' | 'message' | 'recipients' | 'content'>) => Buffer {
  const withOwnLinks = createOwnLinks()
  // Google wants 5 to 15 characters that are the same in all mail of a sender.
  const senderId = `pv${hash('sha256', name, 'hex').slice(0, 10)}`

  return ({ id, message, recipients, content }) => {
    const [recipient, second] = recipients
    if (recipient === undefined || second !== undefined) {
      throw new Error(`work ${id} has ${recipients.length} recipients; mail with links of its own has one`)
    }
    const { keyId, options } = message
    const { deliveryId, address } = recipient
    const listId = options.listId ?? 0
    const campaignId = options.campaignId ?? 0
    const base = trackingUrl()
    const page = `${unsubscribeUrl()}/u/${tokens.unsubscribe({ deliveryId, keyId, listId, campaignId, address })}`
    return withOwnLinks(content, {
      ...(options.trackOpens === 'enabled' && { open: `${base}/o/${tokens.open(deliveryId)}` }),
      ...(options.trackClicks === 'enabled' && {
        click: (url: string, position: number) => `${base}/c/${tokens.click({ deliveryId, position, url })}`,
      }),
      unsubscribe: page,
      address,
      fields:
        options.bulk === true
          ? unsubscribeFields(content, {
              url: page,
              mailto: `${tokens.mailto({ deliveryId, listId })}@${mailDomain}`,
              ...(listId !== 0 && { listId: `l${listId}.k${keyId}.${name}` }),
              feedbackId: `c${campaignId}:k${keyId}:bulk:${senderId}`,
            })
          : [],
    })
  }
}
