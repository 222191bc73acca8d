/** From a template's text to its parts. Time and memory grow with the text and no faster. */
import { createExpressionReader, type ExpressionReader, type ParseState } from './expression.ts'
import { createLexer } from './lexer.ts'
import { splitPlaceholders } from './placeholders.ts'
import {
  type Branch,
  type Expression,
  expressionFault,
  invalidTemplate,
  isRecipientIndependent,
  lineAt,
  type Place,
  type Template,
  type TemplateError,
  TemplateFault,
  type TemplateNode,
} from './template.ts'

const mostWords = 200_000
const deepestBlocks = 100

type OpenBlock = { place: Place; outer: TemplateNode[] } & (
  | { kind: 'if'; branches: Branch[]; otherwise: TemplateNode[] | undefined }
  | { kind: 'for'; name: string; rows: Expression; rowsText: string; nodes: TemplateNode[] }
)

/** `placeholders`: `[[ ]]` is replaced too. */
export type ParseOptions = { placeholders?: boolean }

/**
 * Reads `{{ }}` and `{% %}`. With `placeholders`, `[[var:…]]` and `[[data:…]]` in the text around them belong to the
 * template too: then what a value brings along is never taken for a placeholder.
 */
export function parseTemplate(
  source: string,
  { placeholders = false }: ParseOptions = {},
): Template | TemplateError {
  try {
    return parse(source, placeholders)
  } catch (error) {
    if (error instanceof TemplateFault) return { problem: error.message, fault: error.fault }
    throw error
  }
}

function parse(source: string, placeholders: boolean): Template {
  const state: ParseState = { source, wordsLeft: mostWords, recipientSeen: false }
  const root: TemplateNode[] = []
  const open: OpenBlock[] = []
  let nodes = root
  let texts = 0

  function addText(start: number, end: number): void {
    if (start === end) return
    const text = source.slice(start, end)
    texts += 1
    if (!placeholders) {
      nodes.push(text)
      return
    }
    for (const part of splitPlaceholders(text, start)) {
      texts += typeof part === 'string' ? 1 : 2
      if (typeof part !== 'string' && !isRecipientIndependent(part.reference)) state.recipientSeen = true
      nodes.push(part)
    }
  }

  function readStatement(reader: ExpressionReader, start: number): number {
    const keyword = reader.take()
    const close = (): Place & { next: number } => {
      const closing = reader.close('%}')
      return { start, end: closing.start, next: closing.end }
    }
    const block = open.at(-1)
    const invalid = (words: string) => invalidTemplate(source, start, words)
    const outside = (word: string, begins: OpenBlock['kind']) =>
      invalid(
        block === undefined
          ? `{% ${word} %} has no {% ${begins} %} before it`
          : `{% ${word} %} stands inside the {% ${block.kind} %} of line ${lineAt(source, block.place.start)}, whose {% end${block.kind} %} is missing`,
      )
    switch (keyword.kind === 'name' ? keyword.text.toLowerCase() : '') {
      case 'if': {
        const condition = reader.expression()
        const { next, ...place } = close()
        const branch = { condition, nodes: [], place }
        begin({ kind: 'if', place, outer: nodes, branches: [branch], otherwise: undefined }, branch.nodes)
        return next
      }
      case 'elseif': {
        if (block?.kind !== 'if') throw outside('elseif', 'if')
        if (block.otherwise !== undefined)
          throw invalid('{% elseif %} stands after {% else %}: put it before')
        const condition = reader.expression()
        const { next, ...place } = close()
        nodes = []
        block.branches.push({ condition, nodes, place })
        return next
      }
      case 'else': {
        if (block?.kind !== 'if') throw outside('else', 'if')
        if (block.otherwise !== undefined) throw invalid('this {% if %} has an {% else %} already')
        nodes = []
        block.otherwise = nodes
        return close().next
      }
      case 'endif': {
        if (block?.kind !== 'if') throw outside('endif', 'if')
        finish({ kind: 'if', branches: block.branches, otherwise: block.otherwise ?? [] })
        return close().next
      }
      case 'for': {
        const name = readName(reader)
        const word = reader.take()
        if (word.kind !== 'name' || word.text.toLowerCase() !== 'in') {
          throw invalid('a loop is written {% for item in var:items %}: "in" is missing')
        }
        const rowsStart = reader.peek().start
        const rows = reader.expression()
        const { next, ...place } = close()
        const rowsText =
          referenceText(rows) ?? source.slice(rowsStart, Math.min(place.end, rowsStart + 80)).trim()
        const inner: TemplateNode[] = []
        begin({ kind: 'for', place, outer: nodes, name, rows, rowsText, nodes: inner }, inner)
        return next
      }
      case 'endfor': {
        if (block?.kind !== 'for') throw outside('endfor', 'for')
        const { name, rows, rowsText, nodes: inner, place } = block
        finish({ kind: 'for', name, rows, rowsText, nodes: inner, place })
        return close().next
      }
      case 'set': {
        const name = readName(reader)
        const sign = reader.take()
        if (sign.kind !== 'symbol' || sign.text !== '=') {
          throw invalid('a variable is written {% set name = "value" %}: "=" is missing')
        }
        const value = reader.expression()
        const { next, ...place } = close()
        nodes.push({ kind: 'set', name, value, place })
        return next
      }
      default:
        throw invalid('{% %} begins with one of if, elseif, else, endif, for, endfor and set')
    }
  }

  function begin(block: OpenBlock, inner: TemplateNode[]): void {
    open.push(block)
    if (open.length > deepestBlocks) throw expressionFault('Nested too deeply', source, block.place)
    nodes = inner
  }

  function finish(node: TemplateNode): void {
    nodes = open.pop()?.outer ?? root
    nodes.push(node)
  }

  let position = 0
  for (;;) {
    const start = nextDelimiter(source, position)
    addText(position, start)
    if (start === source.length) break
    const reader = createExpressionReader(createLexer(source, start + 2), state, start)
    if (source.charAt(start + 1) === '{') {
      const value = reader.expression()
      const closing = reader.close('}}')
      nodes.push({ kind: 'print', value, place: { start, end: closing.start } })
      position = closing.end
    } else {
      position = readStatement(reader, start)
    }
  }
  const unclosed = open.at(-1)
  if (unclosed !== undefined) {
    const { kind, place } = unclosed
    throw invalidTemplate(source, place.start, `the {% end${kind} %} of this {% ${kind} %} is missing`)
  }
  const pieces = texts + mostWords - state.wordsLeft
  return { source, nodes: root, dependsOnRecipient: state.recipientSeen, pieces }
}

/** The name of a loop or `set` variable: no path. */
function readName(reader: ExpressionReader): string {
  const token = reader.peek()
  if (token.kind !== 'name' || token.text.includes('.')) throw reader.unexpected()
  reader.take()
  return token.text
}

/** `var:rows` without its default. */
export function referenceText(expression: Expression): string | undefined {
  if (expression.kind !== 'reference') return undefined
  const { namespace, path } = expression
  return `${namespace === 'local' ? '' : `${namespace}:`}${path.join('.')}`
}

function nextDelimiter(source: string, from: number): number {
  let at = source.indexOf('{', from)
  while (at !== -1) {
    const code = source.charCodeAt(at + 1)
    if (code === 0x7b || code === 0x25) return at
    at = source.indexOf('{', at + 1)
  }
  return source.length
}
