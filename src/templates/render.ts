/** A template and the facts of one message become its text, in bounded time and size. */
import { type TemplateContext, usualLimits } from './context.ts'
import { evaluate } from './evaluate.ts'
import { printPlaceholder } from './placeholders.ts'
import { charge, checkLength, printed, type RenderState } from './render-state.ts'
import { type Template, type TemplateError, TemplateFault, type TemplateNode } from './template.ts'
import { isTrue, type Value } from './values.ts'

export function renderTemplate(
  template: Template,
  context: TemplateContext,
): { text: string } | TemplateError {
  const limits = context.limits ?? usualLimits
  const state: RenderState = {
    source: template.source,
    context,
    limits,
    stepsLeft: limits.steps,
    locals: new Map(),
    place: { start: 0, end: 0 },
  }
  const output: Output = { text: '' }
  try {
    render(template.nodes, state, output)
  } catch (error) {
    if (error instanceof TemplateFault) return { problem: error.message, fault: error.fault }
    throw error
  }
  return output
}

type Output = { text: string }

function render(nodes: readonly TemplateNode[], state: RenderState, output: Output): void {
  for (const node of nodes) {
    if (typeof node === 'string') {
      write(node, state, output)
      continue
    }
    switch (node.kind) {
      case 'placeholder':
        write(printPlaceholder(node, state.context), state, output)
        break
      case 'print':
        state.place = node.place
        write(printed(evaluate(node.value, state), state), state, output)
        break
      case 'set':
        state.place = node.place
        state.locals.set(node.name, evaluate(node.value, state))
        break
      case 'if':
        render(chosenBranch(node, state), state, output)
        break
      case 'for':
        renderLoop(node, state, output)
    }
  }
}

function write(text: string, state: RenderState, output: Output): void {
  charge(state, 1)
  checkLength(state, output.text.length + text.length)
  output.text += text
}

function chosenBranch(
  { branches, otherwise }: Extract<TemplateNode, { kind: 'if' }>,
  state: RenderState,
): readonly TemplateNode[] {
  for (const { condition, nodes, place } of branches) {
    state.place = place
    if (isTrue(evaluate(condition, state))) return nodes
  }
  return otherwise
}

function renderLoop(
  { name, rows: source, rowsText, nodes, place }: Extract<TemplateNode, { kind: 'for' }>,
  state: RenderState,
  output: Output,
): void {
  state.place = place
  const value = evaluate(source, state)
  if (typeof value !== 'object') {
    const words = `${rowsText} is no list of values: a loop cannot go through it`
    throw new TemplateFault(`"${rowsText}" is not an array value`, { words, start: place.start })
  }
  const rows: readonly unknown[] = Array.isArray(value) ? value : Object.values(value)

  const shadowed = state.locals.get(name)
  for (const row of rows) {
    charge(state, 1)
    setLocal(state, name, row)
    render(nodes, state, output)
  }
  setLocal(state, name, shadowed)
}

/** A null among the rows is absent, like every null. */
function setLocal(state: RenderState, name: string, value: unknown): void {
  if (value === null || value === undefined) state.locals.delete(name)
  else state.locals.set(name, value as Value)
}
