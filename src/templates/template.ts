/** A parsed template (reference/template-language.md §3 and §4): read once, rendered for many. */

export type TemplateError = {
  /** In Mailjet's words (§5). */
  readonly problem: string
  readonly fault: Fault
}

/** The same for the author of the template, in words that say what is wrong and what would be right. */
export type Fault = {
  readonly words: string
  /** Where in the source the delimiter opens in which it is. */
  readonly start: number
}

export type Template = {
  readonly source: string
  readonly nodes: readonly TemplateNode[]
  readonly dependsOnRecipient: boolean
  /** Words, placeholders and stretches of text that it was read from: what it takes in memory grows with them. */
  readonly pieces: number
}

/** Where the delimiter stands: from its opening to before its closing. */
export type Place = { readonly start: number; readonly end: number }

export type TemplateNode =
  | string
  | Placeholder
  | { readonly kind: 'print'; readonly value: Expression; readonly place: Place }
  | { readonly kind: 'if'; readonly branches: readonly Branch[]; readonly otherwise: readonly TemplateNode[] }
  | {
      readonly kind: 'for'
      readonly name: string
      readonly rows: Expression
      /** As written, for the error text. */
      readonly rowsText: string
      readonly nodes: readonly TemplateNode[]
      readonly place: Place
    }
  | { readonly kind: 'set'; readonly name: string; readonly value: Expression; readonly place: Place }

export type Branch = {
  readonly condition: Expression
  readonly nodes: readonly TemplateNode[]
  readonly place: Place
}

/** `[[var:name]]`, `[[data:name:"default"]]`: empty where the name is absent. */
export type Placeholder = {
  readonly kind: 'placeholder'
  readonly reference: Reference
  /** Where it stands. */
  readonly start: number
}

export type Scalar = string | number | boolean

export type Namespace = 'var' | 'data' | 'mj' | 'segment' | 'local'

export type Reference = {
  readonly kind: 'reference'
  readonly namespace: Namespace
  readonly path: readonly string[]
  readonly fallback: Scalar | undefined
}

export type CompareOperator = '=' | '!=' | '<' | '>' | '<=' | '>='
export type ArithmeticOperator = '+' | '-' | '*' | '/' | 'div' | 'mod'

/** Chains are lists, not towers: a sum of a million terms must not need a million stack frames. */
export type Expression =
  | { readonly kind: 'literal'; readonly value: Scalar }
  | Reference
  | { readonly kind: 'call'; readonly name: FunctionName; readonly arguments: readonly Expression[] }
  | { readonly kind: 'not'; readonly operand: Expression }
  | { readonly kind: 'negate'; readonly operand: Expression }
  | {
      readonly kind: 'logic'
      readonly operator: 'and' | 'or' | 'xor'
      readonly operands: readonly Expression[]
    }
  | {
      readonly kind: 'compare'
      readonly operator: CompareOperator
      readonly left: Expression
      readonly right: Expression
    }
  | {
      readonly kind: 'arithmetic'
      readonly first: Expression
      readonly rest: readonly { readonly operator: ArithmeticOperator; readonly operand: Expression }[]
    }

/** Lower-case names, and how many arguments each takes. */
export const functionArguments = {
  upper: [1, 1],
  lower: [1, 1],
  capitalize: [1, 1],
  round: [1, 2],
  int: [1, 1],
  urlencode: [1, 1],
  escape: [1, 1],
  formatnumberlocale: [1, 3],
  hasopenedsince: [1, 1],
  hasclickedsince: [1, 1],
} as const satisfies Record<string, readonly [fewest: number, most: number]>

export type FunctionName = keyof typeof functionArguments

/** Thrown inside this folder, returned as a TemplateError at its edge. */
export class TemplateFault extends Error {
  override readonly name = 'TemplateFault'
  readonly fault: Fault

  constructor(problem: string, fault: Fault) {
    super(problem)
    this.fault = fault
  }
}

const nearLength = 80

/** `words`: ours, where they say more than `what`. */
export function expressionFault(what: string, source: string, place: Place, words = what): TemplateFault {
  const near = source.slice(place.start, Math.min(place.end, place.start + nearLength)).trimEnd()
  const fault = { words, start: place.start }
  return new TemplateFault(`expression parsing error ## ${what} ## near ## ${near} ##`, fault)
}

export function invalidTemplate(source: string, start: number, words: string): TemplateFault {
  const near = source.slice(start, start + nearLength)
  return new TemplateFault(`not valid template ## near ## ${near} ##`, { words, start })
}

/** From 1. */
export function lineAt(source: string, position: number): number {
  let line = 1
  for (let at = source.indexOf('\n'); at !== -1 && at < position; at = source.indexOf('\n', at + 1)) line += 1
  return line
}

/** False when one rendering serves every recipient who has the same variables. */
export function dependsOnRecipient(template: Template): boolean {
  return template.dependsOnRecipient
}

/** Names below `mj:` that are the same for every recipient. */
export function isRecipientIndependent(reference: Reference): boolean {
  if (reference.namespace === 'var' || reference.namespace === 'local') return true
  const [first = ''] = reference.path
  return reference.namespace === 'mj' && /^(?:sender|template)$/i.test(first)
}
