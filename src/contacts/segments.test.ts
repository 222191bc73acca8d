import assert from 'node:assert/strict'
import { test } from 'node:test'
import { storageTest } from '../../test/storage.ts'
import type { ContactId, ContactListId, KeyId } from '../mail/ids.ts'
import { silentLog } from '../runtime/log.ts'
import type { Storage } from '../storage/storage.ts'
import { createContactList } from './lists.ts'
import { createProperty, propertiesByName } from './properties.ts'
import { recipientPage, recipientsOf } from './recipients.ts'
import { readValues, saveContacts } from './save-contacts.ts'
import { parseFormula } from './segment-parser.ts'
import { countSegment, createSegment } from './segments.ts'
import { addSuppression } from './suppressions.ts'

const keyId = 1 as KeyId
const now = Date.parse('2026-03-10T15:00:00Z')

const people: Record<string, Record<string, unknown>> = {
  ana: { city: 'Lyon', age: 34, vip: true, born: '1991-03-12T23:30:00Z', score: 1.5, room: '9' },
  ben: { city: 'lyon 3', age: 40, vip: false, born: '1985-03-09T01:00:00Z', room: '100' },
  cleo: { city: 'Évry', age: 17, score: -2, seen: '2026-03-08T12:00:00Z', room: '70' },
  dora: { city: '50%_off', seen: '2026-03-13T23:59:59Z', native: 'Lyon' },
  emil: {},
}

/** The formula, and the first letters of those whom it chooses. */
const cases: [string, string][] = [
  ['(age<35)', 'ac'],
  ['age = 40', 'b'],
  ['age=40', 'b'],
  ['(age!=40)', 'ac'],
  ['(AGE >= 34)', 'ab'],
  ['35 > age', 'ac'],
  ['(city="LYON")', 'a'],
  ['city=Lyon', 'a'],
  ["city = 'évry'", 'c'],
  ['(city<>"Lyon")', 'bcd'],
  ['(vip=true)', 'a'],
  ["(vip='false')", 'b'],
  ['(vip = 1)', 'a'],
  ['(score<0)', 'c'],
  ['(score=1.5)', 'a'],
  ['IsBetweenNumbers(age,17,34)', 'ac'],
  ['(isprovided(city))', 'abcd'],
  ['((not IsProvided(city)))', 'e'],
  ['not (age<35)', 'bde'],
  ['(StartsWith(city,"lyon"))', 'ab'],
  ['(EndsWith(city,"3"))', 'b'],
  ['(Contains(city,"%_"))', 'd'],
  ['(Contains(city,"_yon"))', ''],
  ['((age>20) and (city="Lyon"))', 'a'],
  ['(age<20) or (age>39) and (vip=true)', 'c'],
  ['((age<20) OR (age>39)) AND (vip=false)', 'b'],
  ['(age>30) xor (vip=true)', 'b'],
  ['(born < ToDate(600000000))', 'b'],
  ['(born > "1990-01-01")', 'a'],
  ['(seen > DateTimeNow())', 'd'],
  ['(Between(born,"1985-01-01","1985-12-31"))', 'b'],
  ['(IsInPreviousDays(seen,3))', 'c'],
  ['(IsInPreviousDays(seen,1))', ''],
  ['(IsInNextDays(seen,3))', 'd'],
  ['(IsInNextDays(seen,2))', ''],
  ['(FormatDateTime("mm-dd",born) = "03-12")', 'a'],
  ['(FormatDateTimeTZ("yyyy/mm/dd hh:nn",born,"+03:00") = "1991/03/13 02:30")', 'a'],
  ['(FormatDateTimeTZ("yy-mm-dd",born,"-02:00") = "85-03-08")', 'b'],
  ['(FormatDateTime("mm",born) = FormatDateTime("mm",DateTimeNow()))', 'ab'],
  ['(city = native)', ''],
  ['(room = 9)', 'a'],
  ['(room <> 9)', 'bc'],
  ['(room < "35")', 'b'],
  ['(room = "9")', 'a'],
  ['(score < age)', 'ac'],
  ['(HasOpenedSince(30))', 'b'],
  ['(hasopenedsince(5))', ''],
  ['not HasClickedSince(30)', 'abcde'],
]

async function setUp(storage: Storage): Promise<ContactListId> {
  const types = {
    city: 'str',
    age: 'int',
    vip: 'bool',
    born: 'datetime',
    seen: 'datetime',
    score: 'float',
    native: 'str',
    room: 'str',
  } as const
  for (const [name, type] of Object.entries(types)) await createProperty(storage, { keyId, name, type, now })
  const list = await createContactList(storage, { keyId, name: 'all', now })
  const properties = await propertiesByName(storage.db, keyId)
  const contacts = Object.entries(people).map(([name, values]) => ({
    email: `${name}@a.test`,
    name,
    values: readValues(Object.entries(values), properties).values,
  }))
  await saveContacts(contextOf(storage), {
    keyId,
    origin: '',
    targets: [{ listId: list.id, action: 'addforce' }],
    contacts,
  })
  await storage.db
    .updateTable('contacts')
    .set({ last_open_at: now - 10 * 86_400_000 })
    .where('email', '=', 'ben@a.test')
    .execute()
  return list.id
}

const contextOf = (storage: Storage) => ({
  storage,
  clock: { now: () => now, sleep: async () => {} },
  log: silentLog,
  suppressionCheck: { forget: () => undefined },
})

storageTest('a formula chooses whom it says', async (_t, storage) => {
  const listId = await setUp(storage)
  for (const [expression, expected] of cases) {
    const chosen = await recipientPage(storage.db, {
      ...{ keyId, listId, now, limit: 10 },
      segment: { expression },
    })
    const letters = chosen.map(({ name }) => name.slice(0, 1)).join('')
    assert.equal([...letters].sort().join(''), expected, expression)
    assert.equal(await countSegment(storage.db, { keyId, listId, expression, now }), expected.length)
  }
})

/** What is wrong, and the beginning of what is said about it. */
const faults: [string, string][] = [
  ['', 'a property, a number or a text should stand at the end (character 1'],
  ['(age<35', "')' should stand at the end (character 8"],
  ['(age<35))', "'and', 'or' or the end should stand before ')' (character 9"],
  ['age', 'a comparison such as = or < should stand at the end'],
  ['age <', 'a property, a number or a text should stand at the end'],
  ['city = "a\0b"', 'there is something unreadable (character 10'],
  ['age ~ 3', 'there is something unreadable: ~ 3'],
  ['town = "Lyon"', "there is no property 'town'"],
  ['"a" = "b"', 'one side of a comparison should be a property'],
  ['age = "old"', "'old' is no value of age, which is a whole number"],
  ['born > "soon"', "'soon' is no value of born, which is a date"],
  [
    '(room<35)',
    'room is a text (type str), and 35 is a number: as texts, "100" comes before "9"; delete the property and import its values again as one of type int or float, or write "35" in quotes to compare texts (character 7',
  ],
  ['35 >= room', 'room is a text (type str), and 35 is a number'],
  ['room < ToDate(600000000)', 'room is a text (type str), which is not compared with a date; delete the'],
  ['vip > true', 'vip is true or false, so only = and <>'],
  ['city = age', 'a text is compared with something that is none'],
  ['StartsWith(age,"1")', 'StartsWith is not for age'],
  ['IsProvided(town)', "there is no property 'town' for IsProvided"],
  ['IsProvided(city,age)', 'IsProvided takes 1 arguments, and got 2'],
  ['IsInNextDays(born,"x")', 'IsInNextDays takes numbers'],
  ['OpenCount(1,0,0) > 1', 'OpenCount belongs to an older form'],
  ['Dance(city)', 'there is no function Dance'],
  ['FormatDateTimeTZ("yy",born,"Paris") = "x"', 'the zone is an offset'],
]

storageTest('a formula that cannot be is refused with what is wrong, and where', async (_t, storage) => {
  await setUp(storage)
  for (const [expression, message] of faults) {
    const segment = { keyId, name: 's', description: '', expression, now }
    await assert.rejects(createSegment(storage, segment), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'bad-value', `${expression}: ${error.stack}`)
      assert.ok(error.message.startsWith(message), `${expression}: ${error.message}`)
      return true
    })
  }
})

test('a formula has bounds', () => {
  assert.throws(() => parseFormula('('.repeat(5_000)), /nested deeper than 60/)
  assert.throws(() => parseFormula(`${'not '.repeat(100)} a=1`), /nested deeper/)
  assert.throws(() => parseFormula(`${'f('.repeat(100)}1`), /nested deeper/)
  assert.throws(() => parseFormula(Array.from({ length: 201 }, () => 'a=1').join(' and ')), /more than 200/)
  assert.throws(() => parseFormula('a'.repeat(10_001)), /longer than 10000/)
  assert.deepEqual(parseFormula('a="say \\"x\\""'), {
    kind: 'compare',
    operator: '=',
    left: { kind: 'word', text: 'a', at: 0 },
    right: { kind: 'text', text: 'say "x"', at: 2 },
  })
})

storageTest('recipients come in the order of ids, with what is known and why not', async (_t, storage) => {
  const listId = await setUp(storage)
  const add = (who: string, reason: 'unsubscribe' | 'hard-bounce') =>
    addSuppression(storage, { keyId, address: `${who}@a.test`, reason, origin: 'test', at: now })
  await add('ben', 'hard-bounce')
  await add('cleo', 'unsubscribe')
  await saveContacts(contextOf(storage), {
    keyId,
    origin: '',
    targets: [{ listId, action: 'unsub' }],
    contacts: [{ email: 'dora@a.test' }, { email: 'ben@a.test' }],
  })
  await storage.db
    .updateTable('contacts')
    .set({ is_opt_in_pending: 1 })
    .where('email', '=', 'emil@a.test')
    .execute()
  const all = []
  for await (const page of recipientsOf(storage.db, { keyId, listId, now, pageSize: 2 })) all.push(...page)
  const ids = all.map(({ contactId }) => contactId)
  assert.deepEqual(
    ids,
    ids.toSorted((a, b) => a - b),
  )
  assert.deepEqual(
    all.map(({ name, exclusion }) => [name, exclusion]),
    [
      ['ana', undefined],
      ['ben', { kind: 'suppressed', reason: 'hard-bounce' }],
      ['cleo', { kind: 'excluded-from-campaigns' }],
      ['dora', { kind: 'unsubscribed' }],
      ['emil', { kind: 'opt-in-pending' }],
    ],
  )
  assert.deepEqual(all[0]?.properties, {
    city: 'Lyon',
    age: 34,
    vip: true,
    born: '1991-03-12T23:30:00Z',
    score: 1.5,
    room: '9',
  })
  const rest = await recipientPage(storage.db, {
    ...{ keyId, listId, now, limit: 10 },
    after: ids[3] as ContactId,
  })
  assert.deepEqual(
    rest.map(({ name }) => name),
    ['emil'],
  )
})
