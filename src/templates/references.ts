/** What a text asks to know: its variables and properties, found without rendering it. */
import { splitPlaceholders } from './placeholders.ts'
import type { Expression, Reference, Template, TemplateNode } from './template.ts'

export type UsedReference = {
  readonly reference: Reference
  /** Where the delimiter opens in which it stands. */
  readonly start: number
  /** In `[[ ]]`: empty where there is neither a value nor a default, and no fault. */
  readonly isPlaceholder: boolean
}

export type UsedNames = {
  readonly references: readonly UsedReference[]
  /** Names of loop and `set` variables, wherever they are made. */
  readonly locals: ReadonlySet<string>
}

/** Of a text instead of a template, only `[[ ]]`. */
export function readReferences(source: Template | string): UsedNames {
  const references: UsedReference[] = []
  const locals = new Set<string>()
  const nodes = typeof source === 'string' ? splitPlaceholders(source) : source.nodes
  walk(nodes)
  return { references, locals }

  function walk(inner: readonly TemplateNode[]): void {
    for (const node of inner) {
      if (typeof node === 'string') continue
      switch (node.kind) {
        case 'placeholder':
          references.push({ reference: node.reference, start: node.start, isPlaceholder: true })
          break
        case 'print':
          read(node.value, node.place.start)
          break
        case 'set':
          locals.add(node.name)
          read(node.value, node.place.start)
          break
        case 'for':
          locals.add(node.name)
          read(node.rows, node.place.start)
          walk(node.nodes)
          break
        case 'if':
          for (const { condition, nodes: chosen, place } of node.branches) {
            read(condition, place.start)
            walk(chosen)
          }
          walk(node.otherwise)
      }
    }
  }

  function read(expression: Expression, start: number): void {
    switch (expression.kind) {
      case 'literal':
        return
      case 'reference':
        references.push({ reference: expression, start, isPlaceholder: false })
        return
      case 'call':
        for (const argument of expression.arguments) read(argument, start)
        return
      case 'not':
      case 'negate':
        read(expression.operand, start)
        return
      case 'logic':
        for (const operand of expression.operands) read(operand, start)
        return
      case 'compare':
        read(expression.left, start)
        read(expression.right, start)
        return
      case 'arithmetic':
        read(expression.first, start)
        for (const { operand } of expression.rest) read(operand, start)
    }
  }
}
