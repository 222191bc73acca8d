import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { explainIssue } from './explain-issue.ts'

/** A schema, what was given, and what is said about it. */
const cases: [z.ZodType, unknown, string][] = [
  [z.string(), undefined, 'is missing; it should be a text'],
  [z.string(), 5, 'should be a text'],
  [z.number().int(), undefined, 'is missing; it should be a number'],
  [z.number().int(), 1.5, 'should be a whole number'],
  [z.boolean(), 'yes', 'should be true or false'],
  [z.array(z.string()), undefined, 'is missing; it should be a list'],
  [z.strictObject({}), [], 'should be an object'],
  [z.string().min(1), '', 'should not be empty'],
  [z.string().max(3), 'abcd', 'should have 3 characters at most'],
  [z.array(z.string()).min(1), [], 'should have 1 entry at least'],
  [z.number().max(100), 101, 'should be 100 at most'],
  [z.enum(['open', 'click']), 'opne', "'opne' is not known here; it should be one of open, click"],
  [z.enum(['open', 'click']), undefined, 'is missing; it should be one of open, click'],
  [z.literal('on'), 7, "'7' is not known here; it should be on"],
  [z.union([z.literal(1), z.literal(2)]), 3, "'3' is not known here; it should be one of 1, 2"],
  [z.union([z.string(), z.number()]), undefined, 'is missing'],
  [z.strictObject({}), { nmae: 1 }, "there is no field 'nmae' here; is it spelled right?"],
  [z.string('own words'), 5, 'own words'],
]

test('what is wrong with a value is said in our words', () => {
  for (const [schema, given, expected] of cases) {
    const { error } = schema.safeParse(given, { error: explainIssue })
    assert.equal(error?.issues[0]?.message, expected)
  }
})
