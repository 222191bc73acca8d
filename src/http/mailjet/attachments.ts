/** Attached files: Base64 as clients write it, with or without line breaks. */

/** All attachments of a message together, decoded (reference/send-api.md §3). */
export const maxAttachmentMegabytes = 15
export const maxAttachmentBytes = maxAttachmentMegabytes * 1024 * 1024
export const maxAttachments = 100
export const base64Rule = 'Base64 text (RFC 4648); line breaks are allowed'

/** Undefined when it is not Base64. Padding may be missing, nothing else. */
export function decodeBase64(text: string): Buffer | undefined {
  const compact = /[\s]/.test(text) ? text.replaceAll(/[\r\n\t ]+/g, '') : text
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(compact)) return undefined
  const digits = compact.endsWith('=') ? compact.indexOf('=', compact.length - 2) : compact.length
  const isPadded = digits !== compact.length
  if (digits % 4 === 1 || (isPadded && compact.length % 4 !== 0)) return undefined
  return Buffer.from(compact, 'base64')
}
