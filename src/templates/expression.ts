/** The grammar of expressions (reference/template-language.md §3), one function per rule. */
import type { Lexer, Token } from './lexer.ts'
import {
  type ArithmeticOperator,
  type CompareOperator,
  type Expression,
  expressionFault,
  type FunctionName,
  functionArguments,
  invalidTemplate,
  isRecipientIndependent,
  type Namespace,
  type Reference,
  type Scalar,
  type TemplateFault,
} from './template.ts'

const compareOperators: Readonly<Record<string, CompareOperator>> = {
  '=': '=',
  '==': '=',
  '===': '=',
  '!=': '!=',
  '<>': '!=',
  '<': '<',
  '>': '>',
  '<=': '<=',
  '>=': '>=',
}
const sumOperators: Readonly<Record<string, ArithmeticOperator>> = { '+': '+', '-': '-' }
const productOperators: Readonly<Record<string, ArithmeticOperator>> = {
  '*': '*',
  '/': '/',
  div: 'div',
  mod: 'mod',
}
const namespaces: Readonly<Record<string, Namespace>> = {
  var: 'var',
  data: 'data',
  mj: 'mj',
  segment: 'segment',
}

const deepest = 100
/** Of what the author wrote, in the words of a fault. */
const shownLength = 40

/** What a whole template shares: how many words it may have, and what was seen of the recipient. */
export type ParseState = { source: string; wordsLeft: number; recipientSeen: boolean }

/** Reads the inside of one pair of delimiters; `start` is where it opens. */
export type ExpressionReader = {
  /** The word that comes next, not taken. */
  peek(): Token
  take(): Token
  expression(): Expression
  /** Takes the closing delimiter; says where it begins and ends. */
  close(delimiter: '}}' | '%}'): { start: number; end: number }
  /** The fault that what comes next is. */
  unexpected(): TemplateFault
}

export function createExpressionReader(lexer: Lexer, state: ParseState, start: number): ExpressionReader {
  const { source } = state
  let ahead: Token | undefined
  let depth = 0

  function peek(): Token {
    if (ahead !== undefined) return ahead
    state.wordsLeft -= 1
    ahead = lexer.next()
    if (state.wordsLeft < 0) throw fault('The template is too long', ahead)
    return ahead
  }

  function take(): Token {
    const token = peek()
    ahead = undefined
    return token
  }

  const closing = source.charAt(start + 1) === '%' ? '%}' : '}}'

  function fault(what: string, at: Token, words?: string): TemplateFault {
    return expressionFault(what, source, { start, end: at.end }, words)
  }

  function unexpected(): TemplateFault {
    const token = peek()
    if (token.kind === 'end') {
      const opening = source.slice(start, start + 2)
      const isString = /^["'&]/.test(source.slice(token.start, token.start + 1))
      return invalidTemplate(
        source,
        start,
        isString ? 'a quotation mark is not closed' : `${opening} is not closed: ${closing} is missing`,
      )
    }
    return syntaxError(token)
  }

  function syntaxError(token: Token): TemplateFault {
    const text = source.slice(token.start, token.end)
    const isClosing = token.kind === 'symbol' && (token.text === '}}' || token.text === '%}')
    return fault(
      'Syntax error',
      token,
      isClosing && text === closing
        ? `something is missing before ${text}`
        : isClosing
          ? `${source.slice(start, start + 2)} is closed by ${closing}, not by ${text}`
          : `${text.slice(0, shownLength)} is not expected there`,
    )
  }

  /** The next word in lower case where it could be a keyword or a symbol. */
  function peekWord(): string {
    const token = peek()
    if (token.kind === 'symbol') return token.text
    return token.kind === 'name' ? token.text.toLowerCase() : ''
  }

  function takeIf(word: string): boolean {
    if (peekWord() !== word) return false
    take()
    return true
  }

  function expect(symbol: string): void {
    if (!takeIf(symbol)) throw unexpected()
  }

  function nested<T>(read: () => T): T {
    depth += 1
    if (depth > deepest) throw fault('Nested too deeply', peek())
    const result = read()
    depth -= 1
    return result
  }

  function logic(operator: 'and' | 'or' | 'xor', readOperand: () => Expression): Expression {
    const first = readOperand()
    if (peekWord() !== operator) return first
    const operands = [first]
    while (takeIf(operator)) operands.push(readOperand())
    return { kind: 'logic', operator, operands }
  }

  const expression = () => logic('or', readXor)
  const readXor = () => logic('xor', readAnd)
  const readAnd = () => logic('and', readNot)

  function readNot(): Expression {
    if (takeIf('not') || takeIf('!')) return nested(() => ({ kind: 'not', operand: readNot() }))
    return readCompare()
  }

  function readCompare(): Expression {
    const left = readSum()
    const operator = operatorAhead(compareOperators)
    if (operator === undefined) return left
    take()
    return { kind: 'compare', operator, left, right: readSum() }
  }

  function operatorAhead<T>(operators: Readonly<Record<string, T>>): T | undefined {
    const word = peekWord()
    return Object.hasOwn(operators, word) ? operators[word] : undefined
  }

  function arithmetic(
    operators: Readonly<Record<string, ArithmeticOperator>>,
    readOperand: () => Expression,
  ): Expression {
    const first = readOperand()
    let operator = operatorAhead(operators)
    if (operator === undefined) return first
    const rest: { operator: ArithmeticOperator; operand: Expression }[] = []
    while (operator !== undefined) {
      take()
      rest.push({ operator, operand: readOperand() })
      operator = operatorAhead(operators)
    }
    return { kind: 'arithmetic', first, rest }
  }

  const readSum = () => arithmetic(sumOperators, readProduct)
  const readProduct = () => arithmetic(productOperators, readUnary)

  function readUnary(): Expression {
    if (takeIf('-')) return nested(() => ({ kind: 'negate', operand: readUnary() }))
    return readPrimary()
  }

  function readPrimary(): Expression {
    const token = peek()
    switch (token.kind) {
      case 'number':
      case 'string':
        take()
        return { kind: 'literal', value: token.value }
      case 'name':
        take()
        return readNamed(token.text)
      case 'symbol':
        if (token.text !== '(') throw unexpected()
        take()
        return nested(() => {
          const inner = expression()
          expect(')')
          return inner
        })
      default:
        throw unexpected()
    }
  }

  function readNamed(name: string): Expression {
    const lower = name.toLowerCase()
    if (lower === 'true' || lower === 'false') return { kind: 'literal', value: lower === 'true' }
    if (peekWord() === '(') return readCall(name)
    if (peekWord() !== ':') return reference('local', name.split('.'), undefined)

    take()
    const namespace = Object.hasOwn(namespaces, lower) ? namespaces[lower] : undefined
    // Without a known namespace, what follows the colon is the default of a loop or `set` variable.
    if (namespace === undefined) return reference('local', name.split('.'), readDefault())
    const path = readPath(namespace)
    return reference(namespace, path, takeIf(':') ? readDefault() : undefined)
  }

  function readPath(namespace: Namespace): string[] {
    const token = peek()
    if (token.kind === 'name') {
      take()
      return token.text.split('.')
    }
    // A segment may be named by its id.
    if (namespace === 'segment' && (token.kind === 'number' || token.kind === 'string')) {
      take()
      return [token.kind === 'number' ? token.text : token.value]
    }
    throw unexpected()
  }

  function reference(namespace: Namespace, path: string[], fallback: Scalar | undefined): Reference {
    const found: Reference = { kind: 'reference', namespace, path, fallback }
    if (!isRecipientIndependent(found)) state.recipientSeen = true
    return found
  }

  /** A literal; a bare word is read as a string, and nothing at all as the empty one. */
  function readDefault(): Scalar {
    const token = peek()
    switch (token.kind) {
      case 'string':
      case 'number':
        take()
        return token.value
      case 'name': {
        take()
        const lower = token.text.toLowerCase()
        return lower === 'true' ? true : lower === 'false' ? false : token.text
      }
      case 'symbol': {
        if (token.text !== '-') return ''
        take()
        const number = take()
        if (number.kind !== 'number') {
          throw fault('Syntax error', number, 'a number is missing after the minus')
        }
        return -number.value
      }
      default:
        throw unexpected()
    }
  }

  function readCall(name: string): Expression {
    const lower = name.toLowerCase()
    if (!isFunctionName(lower))
      throw fault(`Unknown identifier: ${name}`, peek(), `there is no function ${name}`)
    take()
    return nested(() => {
      const values: Expression[] = []
      if (!takeIf(')')) {
        values.push(expression())
        while (takeIf(',')) values.push(expression())
        expect(')')
      }
      const [fewest, most] = functionArguments[lower]
      if (values.length < fewest || values.length > most) {
        throw fault(`Wrong number of arguments: ${name}`, peek())
      }
      if (lower === 'hasopenedsince' || lower === 'hasclickedsince') state.recipientSeen = true
      return { kind: 'call', name: lower, arguments: values }
    })
  }

  return {
    peek,
    take,
    expression: () => nested(expression),
    unexpected,
    close(delimiter) {
      const token = peek()
      if (token.kind !== 'symbol' || token.text !== delimiter) throw unexpected()
      take()
      return { start: token.start, end: token.end }
    },
  }
}

function isFunctionName(name: string): name is FunctionName {
  return Object.hasOwn(functionArguments, name)
}
