/** One rendering under way: what it may see, what it may still spend, and where it is for error texts. */
import type { RenderLimits, TemplateContext } from './context.ts'
import { expressionFault, type Place, type TemplateFault } from './template.ts'
import { numberIn, print, type Value } from './values.ts'

export type RenderState = {
  readonly source: string
  readonly context: TemplateContext
  readonly limits: RenderLimits
  stepsLeft: number
  /** Loop and `set` variables. */
  readonly locals: Map<string, Value>
  /** The delimiter being worked on, for error texts. */
  place: Place
}

export function fault(state: RenderState, what: string, words?: string): TemplateFault {
  return expressionFault(what, state.source, state.place, words)
}

/** Counts work; long texts count by their length, so that steps bound the time. */
export function charge(state: RenderState, steps: number): void {
  state.stepsLeft -= steps
  if (state.stepsLeft < 0) throw fault(state, `More than ${state.limits.steps} steps`)
}

export function printed(value: Value, state: RenderState): string {
  const text = print(value)
  if (text === undefined) throw fault(state, 'Access violation')
  charge(state, 1 + (text.length >>> 6))
  return text
}

export function checkLength(state: RenderState, length: number): void {
  if (length > state.limits.characters) {
    throw fault(state, `More than ${state.limits.characters} characters`)
  }
}

export function toNumber(value: Value, state: RenderState): number {
  const number = numberIn(value)
  if (number === undefined) throw fault(state, 'Not a number')
  return number
}
