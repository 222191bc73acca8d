/**
 * What the links in our mail carry: sealed, so that nobody can make one or change one, and complete, so that a link
 * leads where it should when the message itself is forgotten. Each kind has a seal of its own.
 */
import { timingSafeEqual } from 'node:crypto'
import { createMac } from '../mail/mac.ts'

export type OpenLink = { deliveryId: number; day: number }
export type ClickLink = { deliveryId: number; day: number; position: number; url: string }
export type UnsubscribeLink = {
  deliveryId: number
  keyId: number
  /** 0: none. */
  listId: number
  campaignId: number
  address: string
}

/** `expired`: ours, but from too long ago. */
export type Read<Link> = { kind: 'link'; link: Link } | { kind: 'unknown' } | { kind: 'expired' }

export type LinkTokens = ReturnType<typeof createLinkTokens>

const dayMs = 86_400_000
const sealBytes = 16
const tokenPattern = /^[\w-]{22,8192}$/
/** 2^53 in letters of base 36. */
const mailPattern = /^u\+([0-9a-z]{1,11})(?:-([0-9a-z]{1,11}))?\.([0-9a-f]{20})$/

const kinds = ['open', 'click', 'unsubscribe', 'mail', 'online'] as const
type Kind = (typeof kinds)[number]
const kindBytes = Object.fromEntries(kinds.map((kind) => [kind, Buffer.from(`${kind}\0`)])) as Record<
  Kind,
  Buffer
>

export function createLinkTokens({
  secret,
  now,
  validDays,
}: {
  secret: Uint8Array
  now(): number
  /** How long opens and clicks count and lead on. Unsubscribing works for ever. */
  validDays: number
}) {
  const mac = createMac(secret)
  const today = () => Math.floor(now() / dayMs)

  function sealOf(kind: Kind, body: string | Uint8Array): Buffer {
    const text = typeof body === 'string' ? Buffer.from(body) : body
    return mac(Buffer.concat([kindBytes[kind], text])).subarray(0, sealBytes)
  }

  function write(kind: Kind, numbers: readonly number[], text: string): string {
    const body = Buffer.concat([...numbers.map(writeNumber), Buffer.from(text)])
    return Buffer.concat([sealOf(kind, body), body]).toString('base64url')
  }

  /** The numbers and the text; undefined when the token is not ours. */
  function read(kind: Kind, token: string, count: number): { numbers: number[]; text: string } | undefined {
    if (!tokenPattern.test(token)) return undefined
    const bytes = Buffer.from(token, 'base64url')
    // A letter too many, and the last bits of the last letter, are ignored by the decoder.
    if (bytes.toString('base64url') !== token) return undefined
    const body = bytes.subarray(sealBytes)
    const seal = bytes.subarray(0, sealBytes)
    if (seal.length !== sealBytes || !timingSafeEqual(seal, sealOf(kind, body))) return undefined
    const numbers: number[] = []
    let at = 0
    while (numbers.length < count) {
      const { value, next } = readNumber(body, at)
      numbers.push(value)
      at = next
    }
    return { numbers, text: body.toString('utf8', at) }
  }

  function withinTime<Link extends { day: number }>(link: Link): Read<Link> {
    return today() - link.day > validDays ? { kind: 'expired' } : { kind: 'link', link }
  }

  return {
    open: (deliveryId: number) => write('open', [deliveryId, today()], ''),

    readOpen(token: string): Read<OpenLink> {
      const found = read('open', token, 2)
      if (found === undefined) return { kind: 'unknown' }
      const [deliveryId = 0, day = 0] = found.numbers
      return withinTime({ deliveryId, day })
    },

    click: ({ deliveryId, position, url }: { deliveryId: number; position: number; url: string }) =>
      write('click', [deliveryId, today(), position], url),

    readClick(token: string): Read<ClickLink> {
      const found = read('click', token, 3)
      if (found === undefined) return { kind: 'unknown' }
      const [deliveryId = 0, day = 0, position = 0] = found.numbers
      return withinTime({ deliveryId, day, position, url: found.text })
    },

    /** The mail of a delivery, or the message of a campaign, as a page; works as long as it is kept. */
    online: (id: number) => write('online', [id], ''),

    readOnline: (token: string): number | undefined => read('online', token, 1)?.numbers[0],

    unsubscribe: ({ deliveryId, keyId, listId, campaignId, address }: UnsubscribeLink) =>
      write('unsubscribe', [deliveryId, keyId, listId, campaignId], address),

    readUnsubscribe(token: string): UnsubscribeLink | undefined {
      const found = read('unsubscribe', token, 4)
      if (found === undefined) return undefined
      const [deliveryId = 0, keyId = 0, listId = 0, campaignId = 0] = found.numbers
      return { deliveryId, keyId, listId, campaignId, address: found.text }
    },

    /** The local part of the address that unsubscribes. Short, and of one case, because mail programs change it. */
    mailto({ deliveryId, listId }: { deliveryId: number; listId: number }): string {
      const body = `${deliveryId.toString(36)}${listId === 0 ? '' : `-${listId.toString(36)}`}`
      return `u+${body}.${sealOf('mail', body).toString('hex', 0, 10)}`
    },

    readMailto(local: string): { deliveryId: number; listId: number } | undefined {
      const [, delivery, list, seal] = mailPattern.exec(local.toLowerCase()) ?? []
      if (delivery === undefined || seal === undefined) return undefined
      const body = list === undefined ? delivery : `${delivery}-${list}`
      if (!timingSafeEqual(Buffer.from(seal, 'hex'), sealOf('mail', body).subarray(0, 10))) return undefined
      const deliveryId = Number.parseInt(delivery, 36)
      return { deliveryId, listId: list === undefined ? 0 : Number.parseInt(list, 36) }
    },
  }
}

/** Seven bits a byte, the lowest first; the highest bit says that more follows. */
function writeNumber(value: number): Buffer {
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`not a number for a link: ${value}`)
  const bytes: number[] = []
  let rest = value
  while (rest >= 128) {
    bytes.push((rest % 128) | 128)
    rest = Math.floor(rest / 128)
  }
  return Buffer.from([...bytes, rest])
}

function readNumber(bytes: Buffer, from: number): { value: number; next: number } {
  let value = 0
  let factor = 1
  let at = from
  for (;;) {
    const byte = bytes[at++] ?? 0
    value += (byte & 127) * factor
    if (byte < 128) return { value, next: at }
    factor *= 128
  }
}
