/** RFC 2047: text outside ASCII in headers. */
import { TextDecoder } from 'node:util'

/** RFC 2047 §2: an encoded word is at most 75 characters long. */
const maxWord = 75
const prefixLength = '=?UTF-8?B?'.length
const wrapperLength = prefixLength + '?='.length
/** A run without a blank longer than this cannot be folded safely (998 octets a line) and is encoded instead. */
const maxPlainRun = 900

/** True when `text` is printable ASCII that can be folded into short enough lines. */
export function isFoldable(text: string): boolean {
  let run = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    const isBlank = isBlankCode(code)
    if ((code < 0x20 && !isBlank) || code > 0x7e) return false
    // Blanks count with the word they precede: a line is folded before them and must not consist of them.
    const startsRun = isBlank && !isBlankCode(text.charCodeAt(i - 1))
    run = startsRun ? 1 : run + 1
    if (run > maxPlainRun) return false
  }
  return true
}

function isBlankCode(code: number): boolean {
  return code === 0x20 || code === 0x09
}

/** True when `text` can stand in a header as it is and is read as it stands. */
export function isPlainHeaderText(text: string): boolean {
  return isFoldable(text) && !text.includes('=?')
}

/** Throws for what would end a header line; encoding it would only hide it from the checks. */
export function refuseLineBreaks(text: string): void {
  if (/[\r\n\0]/.test(text)) throw new Error('a header value must not contain CR, LF or NUL')
}

/**
 * `text` for an unstructured header or a phrase: as it is when it is plain ASCII, else as UTF-8 encoded words, B or Q
 * whichever is shorter, separated by blanks for `foldHeader`. `firstLineUsed` is what stands before it on its line.
 */
export function encodeHeaderText(text: string, { firstLineUsed }: { firstLineUsed: number }): string {
  refuseLineBreaks(text)
  return isPlainHeaderText(text) ? text : encodeWords(text, firstLineUsed)
}

/** Always as encoded words; for phrases that are ASCII but cannot be quoted. */
export function encodeWords(text: string, firstLineUsed: number): string {
  const characters = [...text.toWellFormed()]
  const bytes = Buffer.byteLength(text)
  let quotedLength = 0
  const quoted = characters.map((character) => {
    const encoded = quoteCharacter(character)
    quotedLength += encoded.length
    return encoded
  })
  const letter = quotedLength <= Math.ceil(bytes / 3) * 4 ? 'Q' : 'B'
  const words: string[] = []
  let room = Math.max(maxWord - firstLineUsed, 32) - wrapperLength
  let content = ''
  let contentBytes = 0
  const close = () => {
    const encoded = letter === 'Q' ? content : Buffer.from(content).toString('base64')
    words.push(`=?UTF-8?${letter}?${encoded}?=`)
    content = ''
    contentBytes = 0
    room = maxWord - wrapperLength
  }
  for (const [index, character] of characters.entries()) {
    const piece = letter === 'Q' ? (quoted[index] ?? '') : character
    const pieceBytes = letter === 'Q' ? piece.length : Buffer.byteLength(character)
    const total = contentBytes + pieceBytes
    if ((letter === 'Q' ? total : Math.ceil(total / 3) * 4) > room) close()
    content += piece
    contentBytes += pieceBytes
  }
  close()
  return words.join(' ')
}

/** RFC 2047 §5 (3): the characters that may stand for themselves in a phrase, and so everywhere. */
function quoteCharacter(character: string): string {
  if (character === ' ') return '_'
  if (/^[0-9A-Za-z!*+\-/]$/.test(character)) return character
  let quoted = ''
  for (const byte of Buffer.from(character)) {
    quoted += `=${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return quoted
}

// Blanks inside a Q word are not allowed and yet sent. Each part ends at the next `?`, so a failed try is short.
const encodedWord = /=\?([^?\s*]{1,40})(?:\*[^?\s]{0,40})?\?(?:[bB]\?([^?\s]*)|[qQ]\?([^?\r\n]*))\?=/g

/**
 * Text with its encoded words decoded. Words that follow each other are joined, also where one splits a character;
 * unknown charsets and damaged words stay as they are.
 */
export function decodeEncodedWords(text: string): string {
  if (!text.includes('=?')) return text
  let decoded = ''
  let end = 0
  let pending: { charset: string; bytes: Buffer[] } | undefined
  const flush = () => {
    if (pending === undefined) return
    decoded += decodeCharset(Buffer.concat(pending.bytes), pending.charset) ?? ''
    pending = undefined
  }
  for (const match of text.matchAll(encodedWord)) {
    const [whole, charsetAsWritten = '', base64, quoted] = match
    const charset = charsetAsWritten.toLowerCase()
    if (decoderOf(charset) === undefined) continue
    const between = text.slice(end, match.index)
    if (pending === undefined || !/^\s+$/.test(between) || pending.charset !== charset) {
      const isAdjacent = pending !== undefined && /^\s+$/.test(between)
      flush()
      if (!isAdjacent) decoded += between
      pending = { charset, bytes: [] }
    }
    pending.bytes.push(base64 === undefined ? unquote(quoted ?? '') : Buffer.from(base64, 'base64'))
    end = match.index + whole.length
  }
  flush()
  return decoded + text.slice(end)
}

function unquote(text: string): Buffer {
  // Raw non-ASCII inside a word is another thing that is not allowed and yet sent.
  const octets = Buffer.from(text)
    .toString('latin1')
    .replaceAll('_', ' ')
    .replaceAll(/=([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(octets, 'latin1')
}

const decoders = new Map<string, TextDecoder | undefined>()

function decoderOf(charset: string): TextDecoder | undefined {
  if (decoders.has(charset)) return decoders.get(charset)
  let decoder: TextDecoder | undefined
  try {
    decoder = new TextDecoder(charset)
  } catch (error) {
    // A label that no encoding has.
    if (!(error instanceof RangeError)) throw error
  }
  if (decoders.size < 500) decoders.set(charset, decoder)
  return decoder
}

/** `bytes` as text, or undefined when the charset is unknown. Damaged bytes become U+FFFD. */
export function decodeCharset(bytes: Uint8Array, charset: string): string | undefined {
  return decoderOf(charset.toLowerCase())?.decode(bytes)
}
