/** The formula of a segment, read: both syntaxes of the reference (contacts.md §11), bounded. Pure. */
import { Refused } from '../runtime/refused.ts'

export type Comparison = '=' | '<>' | '<' | '<=' | '>' | '>='

export type Operand =
  /** A property, or a text without quotes. */
  | { kind: 'word'; text: string; at: number }
  | { kind: 'text'; text: string; at: number }
  | { kind: 'number'; text: string; at: number }
  | Call

export type Call = { kind: 'call'; name: string; args: Operand[]; at: number }

export type Formula =
  | { kind: 'and' | 'or' | 'xor'; left: Formula; right: Formula }
  | { kind: 'not'; of: Formula }
  | { kind: 'compare'; operator: Comparison; left: Operand; right: Operand }
  | { kind: 'test'; call: Call }

const longestFormula = 10_000
const deepest = 60
const mostFacts = 200

/** Throws `Refused` with what is wrong and where. */
export function parseFormula(text: string): Formula {
  if (text.length > longestFormula) {
    throw new Refused('bad-value', `the formula is longer than ${longestFormula} characters`)
  }
  const place = text.indexOf('\0')
  if (place !== -1) throw wrong('there is something unreadable', place)
  const parser = createParser(tokenize(text))
  return parser.whole()
}

type Token =
  | { kind: 'word' | 'text' | 'number' | 'operator' | 'sign'; text: string; at: number }
  | { kind: 'end'; text: ''; at: number }

const pattern =
  /(?<space>\s+)|(?<operator><=|>=|<>|!=|==|[<>=])|(?<sign>[(),])|(?<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?<number>[+-]?(?:\d+\.?\d*|\.\d+)(?![\p{L}\p{N}_]))|(?<word>[\p{L}\p{N}_][\p{L}\p{N}_.@-]*)/uy

function tokenize(text: string): Token[] {
  const tokens: Token[] = []
  pattern.lastIndex = 0
  for (let at = 0; at < text.length; at = pattern.lastIndex) {
    pattern.lastIndex = at
    const groups = pattern.exec(text)?.groups
    if (groups === undefined) throw wrong(`there is something unreadable: ${text.slice(at, at + 20)}`, at)
    const { operator, sign, text: quoted, number, word } = groups
    if (operator !== undefined) tokens.push({ kind: 'operator', text: operator, at })
    else if (sign !== undefined) tokens.push({ kind: 'sign', text: sign, at })
    else if (quoted !== undefined) {
      tokens.push({ kind: 'text', text: quoted.slice(1, -1).replaceAll(/\\(.)/gsu, '$1'), at })
    } else if (number !== undefined) tokens.push({ kind: 'number', text: number, at })
    else if (word !== undefined) tokens.push({ kind: 'word', text: word, at })
  }
  return [...tokens, { kind: 'end', text: '', at: text.length }]
}

function createParser(tokens: readonly Token[]) {
  let place = 0
  let depth = 0
  let facts = 0

  const look = (ahead = 0): Token =>
    tokens[Math.min(place + ahead, tokens.length - 1)] ?? { kind: 'end', text: '', at: 0 }
  const take = (): Token => {
    const token = look()
    place += 1
    return token
  }
  const isWord = (token: Token, ...words: readonly string[]) =>
    token.kind === 'word' && words.includes(token.text.toLowerCase())
  const isSign = (token: Token, sign: string) => token.kind === 'sign' && token.text === sign

  function expect(sign: string): void {
    const token = take()
    if (!isSign(token, sign)) throw wrong(`'${sign}' should stand ${beforeOf(token)}`, token.at)
  }

  function whole(): Formula {
    const formula = alternatives()
    const rest = look()
    if (rest.kind !== 'end') throw wrong(`'and', 'or' or the end should stand ${beforeOf(rest)}`, rest.at)
    return formula
  }

  function alternatives(): Formula {
    let left = conjunction()
    while (isWord(look(), 'or', 'xor')) {
      const kind = take().text.toLowerCase() === 'or' ? 'or' : 'xor'
      left = { kind, left, right: conjunction() }
    }
    return left
  }

  function conjunction(): Formula {
    let left = fact()
    while (isWord(look(), 'and')) {
      take()
      left = { kind: 'and', left, right: fact() }
    }
    return left
  }

  function fact(): Formula {
    depth += 1
    if (depth > deepest) throw wrong(`the formula is nested deeper than ${deepest}`, look().at)
    try {
      if (isSign(look(), '(')) {
        take()
        const inner = alternatives()
        expect(')')
        return inner
      }
      if (isWord(look(), 'not')) {
        take()
        return { kind: 'not', of: fact() }
      }
      return simpleFact()
    } finally {
      depth -= 1
    }
  }

  function simpleFact(): Formula {
    facts += 1
    if (facts > mostFacts) throw wrong(`the formula has more than ${mostFacts} conditions`, look().at)
    const left = operand()
    if (look().kind === 'operator') {
      const operator = comparisonOf(take().text)
      return { kind: 'compare', operator, left, right: operand() }
    }
    if (left.kind === 'call') return { kind: 'test', call: left }
    throw wrong(`a comparison such as = or < should stand ${beforeOf(look())}`, look().at)
  }

  function operand(): Operand {
    const token = take()
    switch (token.kind) {
      case 'text':
      case 'number':
        return { kind: token.kind, text: token.text, at: token.at }
      case 'word':
        return isSign(look(), '(') ? call(token) : { kind: 'word', text: token.text, at: token.at }
      default:
        throw wrong(`a property, a number or a text should stand ${beforeOf(token)}`, token.at)
    }
  }

  function call({ text, at }: Token): Call {
    depth += 1
    if (depth > deepest) throw wrong(`the formula is nested deeper than ${deepest}`, at)
    expect('(')
    const args: Operand[] = []
    if (!isSign(look(), ')')) {
      args.push(operand())
      while (isSign(look(), ',')) {
        take()
        args.push(operand())
      }
    }
    expect(')')
    depth -= 1
    return { kind: 'call', name: text, args, at }
  }

  return { whole }
}

function comparisonOf(text: string): Comparison {
  if (text === '!=') return '<>'
  return text === '==' ? '=' : (text as Comparison)
}

function beforeOf({ kind, text }: Token): string {
  return kind === 'end' ? 'at the end' : `before '${text.slice(0, 40)}'`
}

export function wrong(what: string, at: number): Refused {
  return new Refused('bad-value', `${what} (character ${at + 1} of the formula)`)
}
