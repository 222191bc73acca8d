/** The functions of the template language (reference/template-language.md §3). */
import { charge, checkLength, fault, printed, type RenderState, toNumber } from './render-state.ts'
import type { FunctionName } from './template.ts'
import type { Value } from './values.ts'

// Making a number format takes about as long as this many steps.
const formatSteps = 200

export function callFunction(name: FunctionName, values: readonly Value[], state: RenderState): Value {
  const first = values[0] ?? ''
  switch (name) {
    case 'upper':
      return printed(first, state).toUpperCase()
    case 'lower':
      return printed(first, state).toLowerCase()
    case 'capitalize': {
      const whole = printed(first, state)
      const [initial = ''] = whole
      return initial.toUpperCase() + whole.slice(initial.length)
    }
    case 'urlencode':
      return checked(urlEncode(printed(first, state)), state)
    case 'escape':
      return checked(escapeHtml(printed(first, state)), state)
    case 'int':
      return Math.trunc(toNumber(first, state))
    case 'round':
      return round(toNumber(first, state), places(values[1], state))
    case 'formatnumberlocale':
      return formatNumber(toNumber(first, state), values, state)
    case 'hasopenedsince':
      return ask('HasOpenedSince', state.context.hasOpenedSince, first, state)
    case 'hasclickedsince':
      return ask('HasClickedSince', state.context.hasClickedSince, first, state)
  }
}

function checked(result: string, state: RenderState): string {
  checkLength(state, result.length)
  return result
}

function urlEncode(value: string): string {
  // RFC 3986 §2.3; half a surrogate pair would make encodeURIComponent throw.
  return encodeURIComponent(value.toWellFormed()).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

const htmlEscapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escapeHtml(value: string): string {
  return value.replace(/[&<>"']/g, (character) => htmlEscapes[character] ?? character)
}

function places(value: Value | undefined, state: RenderState): number {
  const count = value === undefined ? 0 : toNumber(value, state)
  if (!Number.isInteger(count) || count < 0 || count > 15) throw fault(state, 'Precision must be 0 to 15')
  return count
}

/** Half away from zero, decided on the decimal digits: 1.005 to two places is 1.01. */
function round(value: number, precision: number): number {
  const digits = String(Math.abs(value))
  // With an exponent it is either whole already or far below the last place.
  if (digits.includes('e')) return Math.abs(value) < 1 ? 0 : value
  const shifted = Number(`${digits}e${precision}`)
  // Beyond this there are no places left to round.
  if (shifted > Number.MAX_SAFE_INTEGER) return value
  return Math.sign(value) * Number(`${Math.round(shifted)}e-${precision}`)
}

/** Mailjet does not document its arguments: number, locale (`fr_FR`), digits after the point. */
function formatNumber(value: number, [, locale, digits]: readonly Value[], state: RenderState): string {
  charge(state, formatSteps)
  const tag = locale === undefined ? 'en-US' : printed(locale, state).slice(0, 35).replaceAll('_', '-')
  const fixed = digits === undefined ? undefined : places(digits, state)
  if (!isLocale(tag)) throw fault(state, 'Unknown locale')
  return new Intl.NumberFormat(tag, {
    minimumFractionDigits: fixed,
    maximumFractionDigits: fixed ?? 20,
  }).format(value)
}

function isLocale(tag: string): boolean {
  try {
    return Intl.NumberFormat.supportedLocalesOf([tag]).length > 0
  } catch (error) {
    // How Intl says that a text is no language tag at all.
    if (error instanceof RangeError) return false
    throw error
  }
}

function ask(
  name: string,
  question: ((days: number) => boolean) | undefined,
  days: Value,
  state: RenderState,
): boolean {
  if (question === undefined) throw fault(state, `${name} is not available for this message`)
  return question(toNumber(days, state))
}
