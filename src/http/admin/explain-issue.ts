/** What is wrong with a value of a request, in our words: what was given, and what would be right. */
import type { z } from 'zod'

/** Undefined leaves it to the schema library; a schema with words of its own is not asked here. */
export function explainIssue(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type': {
      const kind = kinds[issue.expected] ?? issue.expected
      return issue.input === undefined ? `is missing; it should be ${kind}` : `should be ${kind}`
    }
    case 'invalid_value': {
      const all = issue.values.map(String).join(', ')
      const expected = issue.values.length === 1 ? all : `one of ${all}`
      if (issue.input === undefined) return `is missing; it should be ${expected}`
      return `${shown(issue.input)} is not known here; it should be ${expected}`
    }
    case 'invalid_union': {
      if (issue.input === undefined) return 'is missing'
      const options = issue.errors.flatMap(([first, ...others]) =>
        first?.code === 'invalid_value' && others.length === 0 && first.path.length === 0
          ? [first.values]
          : [],
      )
      // Each alternative is a few words.
      if (options.length === 0 || options.length < issue.errors.length) return undefined
      return `${shown(issue.input)} is not known here; it should be one of ${options.flat().map(String).join(', ')}`
    }
    case 'too_small':
      return bound(issue.origin, 'least', issue.minimum)
    case 'too_big':
      return bound(issue.origin, 'most', issue.maximum)
    case 'unrecognized_keys': {
      const [first] = issue.keys
      return `there is no field '${(first ?? '').slice(0, 100)}' here; is it spelled right?`
    }
    default:
      return undefined
  }
}

const kinds: Record<string, string> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  null: 'null',
}

function bound(origin: string, side: 'least' | 'most', limit: number | bigint): string {
  switch (origin) {
    case 'string':
      return side === 'least' && Number(limit) === 1
        ? 'should not be empty'
        : `should have ${limit} characters at ${side}`
    case 'array':
    case 'set':
      return `should have ${limit} ${Number(limit) === 1 ? 'entry' : 'entries'} at ${side}`
    default:
      return `should be ${limit} at ${side}`
  }
}

function shown(given: unknown): string {
  const text = typeof given === 'string' ? given : (JSON.stringify(given) ?? typeof given)
  return `'${text.slice(0, 100)}'`
}
