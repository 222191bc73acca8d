/** Reads the words of what stands between delimiters, straight from the template's text. */

export type Token =
  /** A name, dotted or not. */
  | { readonly kind: 'name'; readonly text: string; readonly start: number; readonly end: number }
  | {
      readonly kind: 'number'
      readonly value: number
      readonly text: string
      readonly start: number
      readonly end: number
    }
  | { readonly kind: 'string'; readonly value: string; readonly start: number; readonly end: number }
  /** Operators, parentheses, comma, colon, and the closing delimiters `}}` and `%}`. */
  | { readonly kind: 'symbol'; readonly text: string; readonly start: number; readonly end: number }
  /** A character that has no meaning here. */
  | { readonly kind: 'unknown'; readonly start: number; readonly end: number }
  /** The template ends, or a string does not. */
  | { readonly kind: 'end'; readonly start: number; readonly end: number }

// HTML editors store what stands inside delimiters with these (reference/template-language.md §3).
const entity = /&(quot|apos|lt|gt|amp|nbsp|#34|#39|#60|#62|#38|#160);/y
const entityCharacters: Readonly<Record<string, string>> = {
  quot: '"',
  '#34': '"',
  apos: "'",
  '#39': "'",
  lt: '<',
  '#60': '<',
  gt: '>',
  '#62': '>',
  amp: '&',
  '#38': '&',
  nbsp: '\u00a0',
  '#160': '\u00a0',
}

// Bounded, so that no input makes a pattern run away with the stack.
const nameOrPath = /[\p{L}_][\p{L}\p{M}\p{N}_-]{0,255}(?:\.[\p{L}\p{N}_][\p{L}\p{M}\p{N}_-]{0,255}){0,63}/uy
const numeral = /\d{1,30}(?:\.\d{1,30})?/y
const symbols = new Set(['===', '==', '!=', '<>', '<=', '>=', '}}', '%}', ...'=<>!+-*/(),:'])

export type Lexer = { next(): Token }

export function createLexer(source: string, start: number): Lexer {
  let position = start

  /** The character at `index`, with an entity as what it stands for, and the length it takes in the source. */
  function characterAt(index: number): { character: string; length: number } {
    const character = source.charAt(index)
    if (character === '&') {
      entity.lastIndex = index
      const found = entity.exec(source)
      if (found !== null)
        return { character: entityCharacters[found[1] ?? ''] ?? '&', length: found[0].length }
    }
    return { character, length: 1 }
  }

  function readString(begin: number, quote: string, quoteLength: number): Token {
    let value = ''
    let copied = begin + quoteLength
    let index = copied
    while (index < source.length) {
      const code = source.charCodeAt(index)
      // Everything but quotes, ampersands and backslashes is as it is.
      if (code !== 0x22 && code !== 0x27 && code !== 0x26 && code !== 0x5c) {
        index += 1
        continue
      }
      const { character, length } = characterAt(index)
      value += source.slice(copied, index)
      if (character === quote) {
        position = index + length
        return { kind: 'string', value, start: begin, end: position }
      }
      index += length
      if (character === '\\') {
        const escaped = characterAt(index)
        if (escaped.character === '\\' || escaped.character === '"' || escaped.character === "'") {
          value += escaped.character
          index += escaped.length
        } else {
          value += '\\'
        }
      } else {
        value += character
      }
      copied = index
    }
    position = source.length
    return { kind: 'end', start: begin, end: position }
  }

  function readSymbol(begin: number, first: string, firstLength: number): Token {
    let text = first
    let end = begin + firstLength
    // The longest symbol that fits: `==` before `=`, but `}` only as a pair.
    for (let length = 2; length <= 3; length++) {
      const { character, length: width } = characterAt(end)
      if (!symbols.has(text + character)) break
      text += character
      end += width
    }
    position = end
    return symbols.has(text)
      ? { kind: 'symbol', text, start: begin, end }
      : { kind: 'unknown', start: begin, end }
  }

  function readName(begin: number): Token {
    nameOrPath.lastIndex = begin
    const found = nameOrPath.exec(source)?.[0]
    if (found === undefined) return readSymbol(begin, source.charAt(begin), 1)
    // A hyphen at the end is a minus.
    const text = found.endsWith('-') ? found.replace(/-+$/, '') : found
    position = begin + text.length
    return { kind: 'name', text, start: begin, end: position }
  }

  function readNumber(begin: number): Token {
    numeral.lastIndex = begin
    const text = numeral.exec(source)?.[0] ?? ''
    position = begin + text.length
    return { kind: 'number', value: Number(text), text, start: begin, end: position }
  }

  /** Entities in front of a word: white space is skipped, a quote or an operator begins here. */
  function readAtEntity(): Token | undefined {
    const begin = position
    const { character, length } = characterAt(begin)
    if (character === '\u00a0') {
      position += length
      return undefined
    }
    if (character === '"' || character === "'") return readString(begin, character, length)
    return readSymbol(begin, character, length)
  }

  return {
    next() {
      while (position < source.length) {
        const code = source.charCodeAt(position)
        if (isSpace(code)) {
          position += 1
        } else if (code === 0x26) {
          const token = readAtEntity()
          if (token !== undefined) return token
        } else if (code === 0x22 || code === 0x27) {
          return readString(position, source.charAt(position), 1)
        } else if (code >= 0x30 && code <= 0x39) {
          return readNumber(position)
        } else if (isNameStart(code)) {
          return readName(position)
        } else {
          return readSymbol(position, source.charAt(position), 1)
        }
      }
      return { kind: 'end', start: position, end: position }
    },
  }
}

/** Beyond ASCII the pattern decides. */
function isNameStart(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || code === 0x5f || code > 0x7f
}

function isSpace(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d) || code === 0xa0
}
