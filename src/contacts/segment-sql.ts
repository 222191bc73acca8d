/** A formula as a condition on `contacts`, for both databases; nothing of it but parameters comes from the caller. */
import { type RawBuilder, sql } from 'kysely'
import type { PropertyType } from '../storage/tables/contacts.ts'
import type { Property } from './properties.ts'
import { dateAsText, formatDate, readOffset } from './segment-dates.ts'
import { type Call, type Comparison, type Formula, type Operand, wrong } from './segment-parser.ts'
import { readInstant, readValue, textKey } from './values.ts'

export type Meaning = { properties: ReadonlyMap<string, Property>; now: number }

type Condition = RawBuilder<boolean>

/** Throws `Refused` for what is not defined or is compared with something of another type. */
export function toCondition(formula: Formula, meaning: Meaning): Condition {
  switch (formula.kind) {
    case 'and':
      return sql`(${toCondition(formula.left, meaning)} AND ${toCondition(formula.right, meaning)})`
    case 'or':
      return sql`(${toCondition(formula.left, meaning)} OR ${toCondition(formula.right, meaning)})`
    case 'xor':
      return sql`(${toCondition(formula.left, meaning)} <> ${toCondition(formula.right, meaning)})`
    case 'not':
      return sql`(NOT ${toCondition(formula.of, meaning)})`
    case 'compare':
      return compare(formula, meaning)
    case 'test':
      return test(formula.call, meaning)
  }
}

type Value =
  | { kind: 'property'; property: Property; at: number }
  | { kind: 'constant'; type: 'text' | 'number' | 'date' | 'boolean'; text: string; at: number }
  /** A text that the database makes. */
  | { kind: 'made'; sql: RawBuilder<string>; at: number }

function compare(
  { operator, left, right }: Extract<Formula, { kind: 'compare' }>,
  meaning: Meaning,
): Condition {
  const one = meaningOf(left, meaning)
  const other = meaningOf(right, meaning)
  if (one.kind === 'constant' && other.kind === 'constant') {
    if (left.kind === 'word') throw wrong(`there is no property '${left.text.slice(0, 100)}'`, left.at)
    throw wrong('one side of a comparison should be a property', left.at)
  }
  if (one.kind === 'property' && other.kind === 'constant')
    return compareProperty(one.property, operator, other)
  if (one.kind === 'constant' && other.kind === 'property') {
    return compareProperty(other.property, mirrored[operator], one)
  }
  const [a, b] = [scalar(one), scalar(other)]
  if (a.isText !== b.isText) throw wrong('a text is compared with something that is none', left.at)
  return sql`coalesce(${a.sql} ${sql.raw(operator)} ${b.sql}, false)`
}

const mirrored: Record<Comparison, Comparison> = {
  '=': '=',
  '<>': '<>',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
}

function compareProperty(
  property: Property,
  operator: Comparison,
  constant: Extract<Value, { kind: 'constant' }>,
): Condition {
  if (property.type === 'bool' && operator !== '=' && operator !== '<>') {
    throw wrong(`${property.name} is true or false, so only = and <> compare it`, constant.at)
  }
  if (property.type === 'str') {
    checkIsText(property, operator, constant)
    return holds(property, sql`v.text_key ${sql.raw(operator)} ${textKey(constant.text)}`)
  }
  return holds(property, sql`v.number_value ${sql.raw(operator)} ${numberFor(property, constant)}`)
}

/** The order of texts is not that of numbers: it would choose other people than the formula says. */
function checkIsText(
  { name }: Property,
  operator: Comparison,
  { type, text, at }: Extract<Value, { kind: 'constant' }>,
): void {
  const isOrder = operator !== '=' && operator !== '<>'
  if (type === 'date') {
    throw wrong(
      `${name} is ${typeNames.str} (type str), which is not compared with a date; ${retype('datetime')}`,
      at,
    )
  }
  if (type === 'number' && isOrder) {
    const why = 'as texts, "100" comes before "9"'
    const how = `${retype('int or float')}, or write "${text}" in quotes to compare texts`
    throw wrong(`${name} is ${typeNames.str} (type str), and ${text} is a number: ${why}; ${how}`, at)
  }
}

const retype = (types: string) => `delete the property and import its values again as one of type ${types}`

/** A contact without the property does not satisfy it, whatever it is. */
function holds({ id }: Property, condition: RawBuilder<unknown>): Condition {
  return sql`EXISTS (SELECT 1 FROM contact_values AS v
    WHERE v.contact_id = contacts.id AND v.property_id = ${id} AND ${condition})`
}

function numberFor(property: Property, { type, text, at }: Extract<Value, { kind: 'constant' }>): number {
  // What a function made of a date is in milliseconds already.
  if (type === 'date' && property.type === 'datetime') return Number(text)
  const numeric = property.type === 'int' ? 'float' : property.type
  const value = type === 'date' ? undefined : readValue(numeric, text)
  if (value !== undefined && 'number' in value) return value.number
  throw wrong(
    `'${text.slice(0, 100)}' is no value of ${property.name}, which is ${typeNames[property.type]}`,
    at,
  )
}

const typeNames: Record<PropertyType, string> = {
  str: 'a text',
  int: 'a whole number',
  float: 'a number',
  bool: 'true or false',
  datetime: 'a date (write it in quotes, like "2026-01-31", or as ToDate with Unix seconds)',
}

function scalar(value: Value): { sql: RawBuilder<unknown>; isText: boolean } {
  switch (value.kind) {
    case 'made':
      return { sql: value.sql, isText: true }
    case 'constant':
      return value.type === 'text'
        ? { sql: sql`${textKey(value.text)}`, isText: true }
        : { sql: sql`${Number(value.text)}`, isText: false }
    case 'property': {
      const isText = value.property.type === 'str'
      const column = sql.ref(isText ? 'v.text_key' : 'v.number_value')
      return {
        isText,
        sql: sql`(SELECT ${column} FROM contact_values AS v
          WHERE v.contact_id = contacts.id AND v.property_id = ${value.property.id})`,
      }
    }
  }
}

function meaningOf(operand: Operand, meaning: Meaning): Value {
  const { at } = operand
  switch (operand.kind) {
    case 'text':
    case 'number':
      return { kind: 'constant', type: operand.kind, text: operand.text, at }
    case 'word': {
      const property = meaning.properties.get(operand.text.toLowerCase())
      if (property !== undefined) return { kind: 'property', property, at }
      const isBoolean = /^(?:true|false)$/i.test(operand.text)
      return { kind: 'constant', type: isBoolean ? 'boolean' : 'text', text: operand.text, at }
    }
    case 'call':
      return madeBy(operand, meaning)
  }
}

function madeBy(call: Call, meaning: Meaning): Value {
  const { at } = call
  switch (call.name.toLowerCase()) {
    case 'todate': {
      const [unix] = numbers(call, 1)
      return { kind: 'constant', type: 'date', text: String((unix ?? 0) * 1000), at }
    }
    case 'datetimenow':
      argumentsOf(call, 0)
      return { kind: 'constant', type: 'date', text: String(meaning.now), at }
    case 'formatdatetime':
    case 'formatdatetimetz':
      return formatted(call, meaning)
    default:
      throw unknownFunction(call)
  }
}

function formatted(call: Call, meaning: Meaning): Value {
  const hasZone = call.name.toLowerCase() === 'formatdatetimetz'
  const [format, date, zone] = argumentsOf(call, hasZone ? 3 : 2)
  if (format?.kind !== 'text' || date === undefined) {
    throw wrong(`${call.name} begins with a format in quotes, like "yyyy-mm-dd"`, call.at)
  }
  const offsetMs = hasZone ? readOffset(zone?.kind === 'call' ? undefined : zone?.text) : 0
  if (offsetMs === undefined) throw wrong('the zone is an offset in quotes, like "+03:00"', call.at)
  const value = meaningOf(date, meaning)
  if (value.kind === 'constant' && value.type === 'date') {
    return {
      kind: 'constant',
      type: 'text',
      text: formatDate(format.text, Number(value.text) + offsetMs),
      at: call.at,
    }
  }
  if (value.kind !== 'property' || value.property.type !== 'datetime') {
    throw wrong(`${call.name} takes a property that is a date, DateTimeNow() or ToDate(...)`, date.at)
  }
  return { kind: 'made', sql: dateAsText(value.property.id, { format: format.text, offsetMs }), at: call.at }
}

const dayMs = 86_400_000

function test(call: Call, { properties, now }: Meaning): Condition {
  const today = Math.floor(now / dayMs) * dayMs
  switch (call.name.toLowerCase()) {
    case 'isprovided': {
      const [property] = subject(call, { properties, count: 1, types: undefined })
      return holds(property, sql`1 = 1`)
    }
    case 'startswith':
      return like(call, properties, (text) => `${text}%`)
    case 'endswith':
      return like(call, properties, (text) => `%${text}`)
    case 'contains':
      return like(call, properties, (text) => `%${text}%`)
    case 'isbetweennumbers': {
      const [property] = subject(call, { properties, count: 3, types: ['int', 'float'] })
      const [low = 0, high = 0] = numbers(call, 3, 1)
      return holds(property, sql`v.number_value BETWEEN ${low} AND ${high}`)
    }
    case 'between': {
      const [property, from, to] = subject(call, { properties, count: 3, types: ['datetime'] })
      return holds(property, sql`v.number_value BETWEEN ${instant(from, call)} AND ${instant(to, call)}`)
    }
    case 'isinnextdays': {
      const [property] = subject(call, { properties, count: 2, types: ['datetime'] })
      const [days = 0] = numbers(call, 2, 1)
      return holds(
        property,
        sql`v.number_value >= ${today} AND v.number_value < ${today + (days + 1) * dayMs}`,
      )
    }
    case 'isinpreviousdays': {
      const [property] = subject(call, { properties, count: 2, types: ['datetime'] })
      const [days = 0] = numbers(call, 2, 1)
      return holds(
        property,
        sql`v.number_value >= ${today - days * dayMs} AND v.number_value < ${today + dayMs}`,
      )
    }
    case 'hasopenedsince': {
      const [days = 0] = numbers(call, 1)
      return sql`coalesce(contacts.last_open_at >= ${now - days * dayMs}, false)`
    }
    case 'hasclickedsince': {
      const [days = 0] = numbers(call, 1)
      return sql`coalesce(contacts.last_click_at >= ${now - days * dayMs}, false)`
    }
    default:
      throw unknownFunction(call)
  }
}

function like(call: Call, properties: Meaning['properties'], pattern: (text: string) => string): Condition {
  const [property, given] = subject(call, { properties, count: 2, types: ['str'] })
  if (given === undefined || given.kind === 'call')
    throw wrong(`${call.name} looks for a text in quotes`, call.at)
  const escaped = textKey(given.text).replaceAll(/[\\%_]/g, '\\$&')
  return holds(property, sql`v.text_key LIKE ${pattern(escaped)} ESCAPE '\\'`)
}

/** The property that a function begins with, and its other arguments. */
function subject(
  call: Call,
  of: { properties: Meaning['properties']; count: number; types: readonly PropertyType[] | undefined },
): [Property, ...Operand[]] {
  const [first, ...rest] = argumentsOf(call, of.count)
  const property = first?.kind === 'word' ? of.properties.get(first.text.toLowerCase()) : undefined
  if (property === undefined) {
    const name = first === undefined || first.kind === 'call' ? '' : first.text.slice(0, 100)
    throw wrong(`there is no property '${name}' for ${call.name}`, call.at)
  }
  if (of.types !== undefined && !of.types.includes(property.type)) {
    throw wrong(`${call.name} is not for ${property.name}, which is ${typeNames[property.type]}`, call.at)
  }
  return [property, ...rest]
}

function argumentsOf(call: Call, count: number): Operand[] {
  if (call.args.length === count) return call.args
  throw wrong(`${call.name} takes ${count} arguments, and got ${call.args.length}`, call.at)
}

function numbers(call: Call, count: number, from = 0): number[] {
  return argumentsOf(call, count)
    .slice(from)
    .map((operand) => {
      const value = operand.kind === 'call' ? Number.NaN : Number(operand.text)
      if (operand.kind !== 'call' && operand.text.trim() !== '' && Math.abs(value) <= 1e12) return value
      throw wrong(`${call.name} takes numbers`, operand.at)
    })
}

function instant(operand: Operand | undefined, call: Call): number {
  const at = operand === undefined || operand.kind === 'call' ? undefined : readInstant(operand.text)
  if (at !== undefined) return at
  throw wrong(`${call.name} takes dates in quotes, like "2026-01-31"`, call.at)
}

const withdrawn = ['opencount', 'clickcount', 'unsubcount', 'last', 'avg', 'max', 'min']

function unknownFunction({ name, at }: Call): Error {
  const isOld = withdrawn.includes(name.toLowerCase())
  const what = isOld
    ? `${name} belongs to an older form of segments and is not supported`
    : `there is no function ${name.slice(0, 60)} in this place`
  return wrong(what, at)
}
