/**
 * DKIM signatures (RFC 6376, RFC 8463), relaxed/relaxed. Own code because it is the most expensive thing that happens
 * to a message: libraries cost three to four times the signature itself (reference/limits.md §2).
 */
import { hash, type KeyObject, sign } from 'node:crypto'
import { type HeaderBlock, type HeaderField, readHeaderBlock } from '../mail/headers.ts'
import { bodyHash } from './body-hash.ts'
import type { SigningKey } from './signing-key.ts'

/**
 * What is signed where it occurs (reference/deliverability.md §3). `oversigned` names are listed once more than they
 * occur, so that nobody can add one. Never listed: Received, Return-Path, ARC-* and what relays add.
 */
const signedHeaders: readonly { name: string; oversigned: boolean }[] = [
  { name: 'from', oversigned: true },
  { name: 'to', oversigned: true },
  { name: 'cc', oversigned: true },
  { name: 'subject', oversigned: true },
  { name: 'date', oversigned: true },
  { name: 'message-id', oversigned: true },
  { name: 'reply-to', oversigned: true },
  { name: 'sender', oversigned: true },
  { name: 'mime-version', oversigned: true },
  { name: 'content-type', oversigned: true },
  { name: 'content-transfer-encoding', oversigned: false },
  { name: 'in-reply-to', oversigned: false },
  { name: 'references', oversigned: false },
  { name: 'list-id', oversigned: true },
  { name: 'list-unsubscribe', oversigned: true },
  { name: 'list-unsubscribe-post', oversigned: true },
  { name: 'list-help', oversigned: true },
  { name: 'feedback-id', oversigned: false },
]
const isSigned = new Set(signedHeaders.map(({ name }) => name))

export type SigningOptions = {
  now: number
  /** Puts x= into the signature: blunts the replay of bulk mail. Longer than delivery may take. */
  validForMs?: number
  /** Of the content, where somebody has read it already. */
  header?: HeaderBlock
}

/**
 * The DKIM-Signature fields (one per key, CRLF after each) to put in front of `content`, which is a whole message:
 * header, blank line, body, CRLF throughout.
 */
export async function signMessage(
  content: Buffer,
  keys: readonly SigningKey[],
  { now, validForMs, header = readHeaderBlock(content) }: SigningOptions,
): Promise<string> {
  const { fields, bodyStart } = header
  const { names, canonical } = selectHeaders(content, fields)
  const bh = bodyHash(content, bodyStart)
  const seconds = Math.floor(now / 1000)
  const times =
    validForMs === undefined ? `t=${seconds};` : `t=${seconds}; x=${seconds + Math.floor(validForMs / 1000)};`

  const signed = keys.map(async ({ domain, selector, algorithm, key }) => {
    // Each part is a line of the field; relaxed canonicalisation makes every line break one blank.
    const parts = [
      `v=1; a=${algorithm}; c=relaxed/relaxed; d=${domain};`,
      `s=${selector}; ${times}`,
      ...names,
      `bh=${bh};`,
      'b=',
    ]
    const input = Buffer.from(`${canonical}dkim-signature:${parts.join(' ')}`, 'latin1')
    const signature = await signBytes(input, algorithm, key)
    return `DKIM-Signature: ${parts.join('\r\n\t')}${foldSignature(signature.toString('base64'))}\r\n`
  })
  return (await Promise.all(signed)).join('')
}

/** `names`: the lines of the h= tag. `canonical`: the signed fields, from the last of each name to its first. */
function selectHeaders(content: Buffer, fields: readonly HeaderField[]) {
  const found = new Map<string, string[]>()
  for (let i = fields.length - 1; i >= 0; i--) {
    const field = fields[i]
    if (field === undefined || !isSigned.has(field.lower)) continue
    // Latin-1 keeps every byte as it is, whatever its charset.
    const value = relaxedValue(content.toString('latin1', field.valueStart, field.end))
    const line = `${field.lower}:${value}\r\n`
    const lines = found.get(field.lower)
    if (lines === undefined) found.set(field.lower, [line])
    else lines.push(line)
  }
  if (!found.has('from')) throw new Error('a message without From cannot be signed')

  const names: string[] = []
  let canonical = ''
  let current = 'h='
  for (const { name, oversigned } of signedHeaders) {
    const lines = found.get(name) ?? []
    for (const line of lines) canonical += line
    for (let i = 0; i < lines.length + (oversigned ? 1 : 0); i++) {
      const separator = current === 'h=' && names.length === 0 ? '' : ':'
      if (current.length + name.length > 72) {
        names.push(current + separator)
        current = name
      } else {
        current += separator + name
      }
    }
  }
  names.push(`${current};`)
  return { names, canonical }
}

const mustRelax = /\r|\t| {2}/

/** RFC 6376 §3.4.2: unfolded, every run of blanks one space, none at either end. */
function relaxedValue(raw: string): string {
  const value = raw.endsWith('\r\n') ? raw.slice(0, -2) : raw
  // Most are one line with single blanks.
  const unfolded = mustRelax.test(value) ? value.replaceAll(/\r\n/g, '').replaceAll(/[ \t]+/g, ' ') : value
  const start = unfolded.startsWith(' ') ? 1 : 0
  return unfolded.slice(start, unfolded.length > start && unfolded.endsWith(' ') ? -1 : undefined)
}

/** In the pool of libuv: an RSA-2048 signature takes a third of a millisecond, which the engine has not got. */
function signBytes(input: Buffer, algorithm: SigningKey['algorithm'], key: KeyObject): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const done = (error: Error | null, signature: Buffer) => (error ? reject(error) : resolve(signature))
    // RFC 8463 §3: Ed25519 signs the SHA-256 of the input, not the input.
    if (algorithm === 'ed25519-sha256') sign(null, hash('sha256', input, 'buffer'), key, done)
    else sign('sha256', input, key, done)
  })
}

function foldSignature(base64: string): string {
  let folded = base64.slice(0, 70)
  for (let i = 70; i < base64.length; i += 72) folded += `\r\n\t${base64.slice(i, i + 72)}`
  return folded
}
