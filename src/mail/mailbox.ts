/** Addresses with names, as they stand in From, To, Cc, Reply-To and Sender. */
import { type Address, formatAddress, parseAddress, stripRoute } from './address.ts'
import { decodeEncodedWords, encodeWords, isPlainHeaderText, refuseLineBreaks } from './encoded-words.ts'

/** An address with the name shown beside it ('' when there is none). */
export type Mailbox = { readonly name: string; readonly address: Address }

/** Longer values, or more mailboxes, are no header that anybody wrote. */
const maxValueLength = 256 * 1024
const maxMailboxes = 10_000

/**
 * The mailboxes of an RFC 5322 address-list (the unfolded value of a header), groups flattened, encoded words
 * decoded, comments and obsolete routes dropped; [] for an empty value or empty groups. Undefined when it is not a
 * list of valid addresses.
 */
export function parseMailboxList(headerValue: string): Mailbox[] | undefined {
  return readAddressList(headerValue)?.mailboxes
}

/** The entries of a list that is none as a whole, as they stand; commas in quotes, comments and angles are text. */
export function splitMailboxList(headerValue: string): string[] {
  if (headerValue.length > maxValueLength) return [headerValue]
  const entries: string[] = []
  // What is opened and never closed is looked for once.
  const unclosed = new Set<string>()
  let from = 0
  let i = 0
  while (i < headerValue.length) {
    const character = headerValue.charAt(i)
    if (character === ',') {
      entries.push(headerValue.slice(from, i))
      from = i + 1
    }
    const end = unclosed.has(character) ? i + 1 : endOfQuotation(headerValue, i)
    if (end === undefined) unclosed.add(character)
    i = end ?? i + 1
  }
  entries.push(headerValue.slice(from))
  return entries
}

/** Undefined where one begins and does not end. */
function endOfQuotation(text: string, start: number): number | undefined {
  switch (text.charAt(start)) {
    case '"':
      return endOfQuoted(text, start)
    case '(':
      return endOfComment(text, start)
    case '<':
      return text.indexOf('>', start) + 1 || undefined
    default:
      return start + 1
  }
}

/** Does the list use group syntax (`friends: a@x.example, b@x.example;`)? RFC 6854 lets From have it; few expect it. */
export function hasGroup(headerValue: string): boolean {
  return readAddressList(headerValue)?.hasGroup ?? false
}

type Word = { text: string; quoted: boolean; blankBefore: boolean }

/** What was read of one list entry so far. */
type Entry = {
  words: Word[]
  /** The entry as a bare addr-spec, without blanks and comments. */
  spec: string
  /** Two words side by side: a name, not an addr-spec. */
  isPhrase: boolean
  lastWasWord: boolean
  blankBefore: boolean
  angle: string | undefined
  comment: string
}

function newEntry(): Entry {
  return {
    words: [],
    spec: '',
    isPhrase: false,
    lastWasWord: false,
    blankBefore: false,
    angle: undefined,
    comment: '',
  }
}

const atomPattern = /[^\s"(),.:;<>@[\]\\]+/y
// Sloppy mailers leave commas and colons inside Q words; taken as one atom they do no harm.
const encodedWordPattern = /=\?[^?\s]{1,80}\?[bBqQ]\?[^?\s"<>]*\?=/y

function readAddressList(value: string): { mailboxes: Mailbox[]; hasGroup: boolean } | undefined {
  if (value.length > maxValueLength) return undefined
  const mailboxes: Mailbox[] = []
  let hasGroup = false
  let inGroup = false
  let entry = newEntry()
  let i = 0

  const closeEntry = (): boolean => {
    const mailbox = toMailbox(entry)
    if (mailbox === undefined) return false
    if (mailbox !== 'empty') mailboxes.push(mailbox)
    entry = newEntry()
    return mailboxes.length <= maxMailboxes
  }

  while (i < value.length) {
    const character = value.charAt(i)
    switch (character) {
      case ' ':
      case '\t':
      case '\r':
      case '\n':
        entry.blankBefore = true
        i += 1
        continue
      case ',':
        if (!closeEntry()) return undefined
        i += 1
        continue
      case ';':
        if (!inGroup || !closeEntry()) return undefined
        inGroup = false
        i += 1
        continue
      case ':':
        if (inGroup || entry.words.length === 0 || entry.angle !== undefined) return undefined
        if (entry.spec.includes('@')) return undefined
        inGroup = true
        hasGroup = true
        entry = newEntry()
        i += 1
        continue
      case '(': {
        const end = endOfComment(value, i)
        if (end === undefined) return undefined
        entry.comment = value.slice(i + 1, end - 1)
        entry.blankBefore = true
        i = end
        continue
      }
      case '<': {
        const angle = entry.angle === undefined ? readAngle(value, i + 1) : undefined
        if (angle === undefined) return undefined
        entry.angle = angle.spec
        i = angle.end
        continue
      }
      case '"': {
        const end = endOfQuoted(value, i)
        if (end === undefined) return undefined
        addWord(entry, value.slice(i, end), true)
        i = end
        continue
      }
      case '.':
      case '@':
        if (entry.angle !== undefined) return undefined
        // Both may belong to a name: J. R. Smith <j@x.example>, and (not allowed, widely sent) a@x.example <a@x.example>.
        entry.words.push({ text: character, quoted: false, blankBefore: entry.blankBefore })
        entry.spec += character
        entry.lastWasWord = false
        entry.blankBefore = false
        i += 1
        continue
    }
    const atom = matchAt(encodedWordPattern, value, i) ?? matchAt(atomPattern, value, i)
    if (atom === undefined) return undefined
    addWord(entry, atom, false)
    i += atom.length
  }
  if (inGroup || !closeEntry()) return undefined
  return { mailboxes, hasGroup }
}

function matchAt(pattern: RegExp, text: string, index: number): string | undefined {
  pattern.lastIndex = index
  return pattern.exec(text)?.[0]
}

function addWord(entry: Entry, text: string, quoted: boolean): void {
  if (entry.lastWasWord) entry.isPhrase = true
  // Anything after the closing angle bracket is wrong, and closeEntry says so.
  if (entry.angle !== undefined) entry.isPhrase = true
  entry.words.push({ text, quoted, blankBefore: entry.blankBefore })
  entry.spec += text
  entry.lastWasWord = true
  entry.blankBefore = false
  if (entry.angle !== undefined) entry.angle = ''
}

/** After the closing parenthesis; counted, not recursive, so that a million of them cost a million steps. */
function endOfComment(text: string, start: number): number | undefined {
  let depth = 0
  for (let i = start; i < text.length; i++) {
    const character = text.charAt(i)
    if (character === '\\') i += 1
    else if (character === '(') depth += 1
    else if (character === ')') {
      depth -= 1
      if (depth === 0) return i + 1
    }
  }
  return undefined
}

function endOfQuoted(text: string, start: number): number | undefined {
  for (let i = start + 1; i < text.length; i++) {
    const character = text.charAt(i)
    if (character === '\\') i += 1
    else if (character === '"') return i + 1
  }
  return undefined
}

/** Blanks and comments may stand around these, and nowhere else inside angle brackets. */
const angleSeparators = '.@,:'

/** The addr-spec up to `>`, without blanks, comments and route. */
function readAngle(text: string, start: number): { spec: string; end: number } | undefined {
  let spec = ''
  let blankBefore = false
  let i = start
  while (i < text.length) {
    const character = text.charAt(i)
    if (character === '>') {
      const bare = stripRoute(spec)
      return bare === undefined ? undefined : { spec: bare, end: i + 1 }
    }
    if (character === '<' || spec.length > maxAngleLength) return undefined
    if (character === '(') {
      const end = endOfComment(text, i)
      if (end === undefined) return undefined
      blankBefore = true
      i = end
      continue
    }
    if (character === ' ' || character === '\t' || character === '\r' || character === '\n') {
      blankBefore = true
      i += 1
      continue
    }
    const isApart = blankBefore && spec !== '' && !angleSeparators.includes(spec.charAt(spec.length - 1))
    if (isApart && !angleSeparators.includes(character)) return undefined
    blankBefore = false
    const end = character === '"' ? endOfQuoted(text, i) : i + 1
    if (end === undefined) return undefined
    spec += text.slice(i, end)
    i = end
  }
  return undefined
}

/** Routes included, no real one comes near. */
const maxAngleLength = 4096

function toMailbox(entry: Entry): Mailbox | 'empty' | undefined {
  if (entry.angle === undefined && entry.spec === '') return 'empty'
  if (entry.angle === undefined && entry.isPhrase) return undefined
  const address = parseAddress(entry.angle ?? entry.spec)
  if (address === undefined) return undefined
  const name = entry.angle !== undefined && entry.words.length > 0 ? nameOf(entry.words) : commentName(entry)
  return { name, address }
}

function nameOf(words: readonly Word[]): string {
  let name = ''
  let unquoted = ''
  for (const [index, word] of words.entries()) {
    const blank = index > 0 && word.blankBefore ? ' ' : ''
    if (!word.quoted) {
      unquoted += blank + word.text
      continue
    }
    name += decodeEncodedWords(unquoted) + blank + word.text.slice(1, -1).replaceAll(/\\(.)/gs, '$1')
    unquoted = ''
  }
  return cleanName(name + decodeEncodedWords(unquoted))
}

/** The oldest form of a name: `lea@shop.example (Lea)`. */
function commentName(entry: Entry): string {
  return cleanName(decodeEncodedWords(entry.comment.replaceAll(/\\(.)/gs, '$1')))
}

/** A decoded name may hold anything, line breaks included: what is not text becomes a blank. */
function cleanName(name: string): string {
  return name
    .toWellFormed()
    .replaceAll(/[\s\p{Cc}\u2028\u2029]+/gu, ' ')
    .trim()
}

/** `Name <local@domain>` for a header: quoted or encoded where it must be. Throws when the name has a line break. */
export function formatMailbox(mailbox: Mailbox): string {
  const address = formatAddress(mailbox.address)
  if (mailbox.name === '') return address
  return `${formatName(mailbox.name)} <${address}>`
}

/** For a header; `foldHeader` breaks it into lines. */
export function formatMailboxList(mailboxes: readonly Mailbox[]): string {
  return mailboxes.map(formatMailbox).join(', ')
}

/** For people: as in a header, but never encoded. */
export function displayMailbox(mailbox: Mailbox): string {
  const address = formatAddress(mailbox.address)
  if (mailbox.name === '') return address
  const name = cleanName(mailbox.name)
  return `${/[",.:;<>@()[\]\\]/.test(name) ? quoteName(name) : name} <${address}>`
}

/** Encoded names leave room for the longest usual header name before them. */
const headerNameLength = 10

function formatName(name: string): string {
  refuseLineBreaks(name)
  if (/^[\w!#$%&'*+\-/=?^`{|}~]+(?: [\w!#$%&'*+\-/=?^`{|}~]+)*$/.test(name) && isPlainHeaderText(name))
    return name
  return isPlainHeaderText(name) ? quoteName(name) : encodeWords(name, headerNameLength)
}

function quoteName(name: string): string {
  return `"${name.replaceAll(/["\\]/g, '\\$&')}"`
}
