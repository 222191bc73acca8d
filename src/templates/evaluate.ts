/** Works expressions out. Nothing here can reach beyond the context: there is no eval, no prototype, no host object. */

import type { TemplateContext } from './context.ts'
import { callFunction } from './functions.ts'
import { charge, checkLength, fault, printed, type RenderState, toNumber } from './render-state.ts'
import type { ArithmeticOperator, CompareOperator, Expression, Reference } from './template.ts'
import { equal, isTrue, numberIn, order, type Value, valueAt } from './values.ts'

export function evaluate(expression: Expression, state: RenderState): Value {
  charge(state, 1)
  switch (expression.kind) {
    case 'literal':
      return expression.value
    case 'reference':
      return resolve(expression, state)
    case 'not':
      return !isTrue(evaluate(expression.operand, state))
    case 'negate':
      return -toNumber(evaluate(expression.operand, state), state)
    case 'logic':
      return evaluateLogic(expression.operator, expression.operands, state)
    case 'compare':
      return compare(
        expression.operator,
        evaluate(expression.left, state),
        evaluate(expression.right, state),
        state,
      )
    case 'arithmetic': {
      let value = evaluate(expression.first, state)
      for (const { operator, operand } of expression.rest) {
        value = calculate(operator, value, evaluate(operand, state), state)
      }
      return value
    }
    case 'call':
      return callFunction(
        expression.name,
        expression.arguments.map((argument) => evaluate(argument, state)),
        state,
      )
  }
}

function resolve(reference: Reference, state: RenderState): Value {
  const value = lookUp(reference, state) ?? reference.fallback ?? numberOfNobody(reference)
  if (value !== undefined) return value
  const { namespace, path } = reference
  const name = `${namespace === 'local' ? '' : `${namespace}:`}${path.join('.')}`
  throw fault(
    state,
    `Unknown identifier: ${name}`,
    `${name} has no value and no default: write {{${name}:"…"}}`,
  )
}

/** Mail goes to people who are no contacts, and from senders that are gone: they have the number 0. */
function numberOfNobody({ namespace, path }: Reference): number | undefined {
  return namespace === 'mj' && /^(?:contact|sender)\.id$/i.test(path.join('.')) ? 0 : undefined
}

function lookUp({ namespace, path }: Reference, state: RenderState): Value | undefined {
  const { context } = state
  switch (namespace) {
    case 'var':
      return valueAt(context.variables, path)
    case 'data':
      return valueAt(context.contactData, path)
    case 'local': {
      const [name = ''] = path
      const value = state.locals.get(name)
      return path.length === 1 || value === undefined ? value : valueAt(value, path, 1)
    }
    case 'segment':
      if (context.inSegment === undefined) throw fault(state, 'segment: is not available for this message')
      return context.inSegment(path.join('.'))
    case 'mj':
      return predefined(path, context)
  }
}

function predefined(path: readonly string[], context: TemplateContext): Value | undefined {
  const [first = '', second = ''] = path.map((name) => name.toLowerCase())
  if (first === 'contact' && second === 'data') return valueAt(context.contactData, path, 2)
  if (path.length === 2 && (first === 'contact' || first === 'sender')) {
    const party = context[first]
    if (party === undefined) return undefined
    const { id, email, localPart, domain, name } = party
    return valueAt({ id, email, local_part: localPart, domain, name }, [second])
  }
  if (path.length === 2 && first === 'template') return valueAt(context.template, [second])
  return context.predefined?.(path.join('.'))
}

function evaluateLogic(
  operator: 'and' | 'or' | 'xor',
  operands: readonly Expression[],
  state: RenderState,
): boolean {
  switch (operator) {
    case 'and':
      return operands.every((operand) => isTrue(evaluate(operand, state)))
    case 'or':
      return operands.some((operand) => isTrue(evaluate(operand, state)))
    case 'xor':
      return operands.reduce((odd, operand) => odd !== isTrue(evaluate(operand, state)), false)
  }
}

function compare(operator: CompareOperator, left: Value, right: Value, state: RenderState): boolean {
  if (typeof left === 'string') charge(state, left.length >>> 6)
  if (operator === '=') return equal(left, right)
  if (operator === '!=') return !equal(left, right)
  const difference = order(left, right)
  if (difference === undefined) throw fault(state, 'Access violation')
  switch (operator) {
    case '<':
      return difference < 0
    case '>':
      return difference > 0
    case '<=':
      return difference <= 0
    case '>=':
      return difference >= 0
  }
}

function calculate(operator: ArithmeticOperator, left: Value, right: Value, state: RenderState): Value {
  charge(state, 1)
  if (operator === '+' && (isText(left) || isText(right))) {
    const leftText = printed(left, state)
    const rightText = printed(right, state)
    checkLength(state, leftText.length + rightText.length)
    return leftText + rightText
  }
  const a = toNumber(left, state)
  const b = toNumber(right, state)
  if (b === 0 && operator !== '+' && operator !== '-' && operator !== '*')
    throw fault(state, 'Division by zero')
  const result = arithmetic[operator](a, b)
  if (!Number.isFinite(result)) throw fault(state, 'Number out of range')
  return result
}

const arithmetic: Readonly<Record<ArithmeticOperator, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  div: (a, b) => Math.trunc(a / b),
  mod: (a, b) => a % b,
}

function isText(value: Value): boolean {
  return typeof value === 'string' && numberIn(value) === undefined
}
