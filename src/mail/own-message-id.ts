/**
 * Message-IDs of mail that is made for each recipient: the stored one with the number of the delivery in front, the same
 * at every attempt. An answer or a report names it, and the stored one is found again.
 */

/** `stored` with its angle brackets. */
export function ownMessageId(stored: string, deliveryId: number): string {
  return `<${deliveryId.toString(36)}.${stored.slice(1)}`
}

const ownPattern = /^<[0-9a-z]{1,11}\.([0-9a-z]+\.[\w-]+@[^<>@\s]+>)$/

/** The id itself, and the stored one that it may be made of. */
export function withStoredMessageIds(ids: readonly string[]): string[] {
  return ids.flatMap((id) => {
    const tail = ownPattern.exec(id)?.[1]
    return tail === undefined ? [id] : [id, `<${tail}`]
  })
}
