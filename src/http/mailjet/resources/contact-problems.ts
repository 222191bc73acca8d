/** What is wrong with contacts, in the words that clients look for (reference/contacts.md §2, §5). */
import type { ValueProblem } from '../../../contacts/save-contacts.ts'
import { Refused } from '../../../runtime/refused.ts'
import { badRequest, type RestError } from '../rest-errors.ts'

export function invalidEmail(text: string): RestError {
  const shown = text.slice(0, 320)
  const reason = text.includes('@') ? 'Not a valid mailbox' : 'No @ character in mail'
  return badRequest(`Invalid email address "${shown}", reason: "${reason}"`)
}

/** `property` may be followed by why, as in `MJ03 A non-empty value is required`. */
export function invalidProperty(property: string, reason: string): RestError {
  return badRequest('Object properties invalid', `MJ08 Property ${property} is invalid: ${reason}`)
}

export function missingProperty(property: string): RestError {
  return invalidProperty(property, 'MJ03 A non-empty value is required')
}

/** What is wrong with what was written, told as a fault of that property. */
export async function tellProperty<T>(property: string, change: Promise<T>): Promise<T> {
  try {
    return await change
  } catch (error) {
    if (error instanceof Refused && (error.code === 'bad-value' || error.code === 'bad-address')) {
      throw invalidProperty(property, `MJ04 ${error.message}`)
    }
    throw error
  }
}

export const valueProblems = {
  unknown: 'Property not defined',
  type: 'Property type does not match definition',
} satisfies Record<ValueProblem['problem'], string>

/** Which properties are not defined or not of their type. */
export function invalidValues(problems: readonly ValueProblem[]): RestError {
  return badRequest('Object properties invalid', {
    Properties: problems.map(({ name, problem }) => ({ [name]: valueProblems[problem] })),
  })
}
