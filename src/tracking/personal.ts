/** The links and header fields of one recipient, and the stored content with them. */
import { hash } from 'node:crypto'
import type { HandedWork } from '../intake/hand-over.ts'
import { createOwnLinks, type OwnLinks, unsubscribeFields } from './own-links.ts'
import type { LinkTokens } from './tokens.ts'

/** What the links of one recipient are made from. */
export type Linked = {
  message: Pick<HandedWork['message'], 'id' | 'keyId' | 'options'>
  recipient: { deliveryId: number; address: string }
  /** For what its header says already. */
  content: Buffer
}

export type Personal = {
  /** The content of the only recipient of a work. */
  ofWork(work: Pick<HandedWork, 'id' | 'message' | 'recipients' | 'content'>): Buffer
  linksFor(linked: Linked): OwnLinks
}

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
}): Personal {
  const withOwnLinks = createOwnLinks()
  // Google wants 5 to 15 characters that are the same in all mail of a sender.
  const senderId = `pv${hash('sha256', name, 'hex').slice(0, 10)}`

  function linksFor({ message: { id, keyId, options }, recipient, content }: Linked): OwnLinks {
    const { deliveryId, address } = recipient
    const listId = options.listId ?? options.leaveListId ?? 0
    const campaignId = options.campaignId ?? 0
    const base = trackingUrl()
    const page = `${unsubscribeUrl()}/u/${tokens.unsubscribe({ deliveryId, keyId, listId, campaignId, address })}`
    return {
      ...(options.trackOpens === 'enabled' && { open: `${base}/o/${tokens.open(deliveryId)}` }),
      ...(options.trackClicks === 'enabled' && {
        click: (url: string, position: number) => `${base}/c/${tokens.click({ deliveryId, position, url })}`,
      }),
      unsubscribe: page,
      online: `${base}/v/${tokens.online(deliveryId)}`,
      // Of other mail there is a page for its recipient only.
      ...(options.mailingId !== undefined && { shared: `${base}/v/${tokens.online(id)}` }),
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
    }
  }

  return {
    linksFor,
    ofWork({ id, message, recipients, content }) {
      const [recipient, second] = recipients
      if (recipient === undefined || second !== undefined) {
        throw new Error(`work ${id} has ${recipients.length} recipients; mail with links of its own has one`)
      }
      return withOwnLinks(content, linksFor({ message, recipient, content }))
    },
  }
}
