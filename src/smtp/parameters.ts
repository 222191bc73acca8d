/** The parameters of MAIL and RCPT: each is known, given once and well-formed, or the command is refused. */
import type { MailParameters, RcptParameters } from './handlers.ts'
import { replies } from './replies.ts'

type Parsed<T> = { params: T } | { reply: string }

type Take<T> = (params: T, value: string | undefined) => boolean

const none = Object.freeze({})

export function parseMailParameters(text: string): Parsed<MailParameters> {
  return text === '' ? { params: none } : parse<MailParameters>(text, mailParameters)
}

export function parseRcptParameters(text: string): Parsed<RcptParameters> {
  return text === '' ? { params: none } : parse<RcptParameters>(text, rcptParameters)
}

const mailParameters = new Map<string, Take<MailParameters>>([
  [
    'SIZE',
    (params, value) => {
      // RFC 1870 §6: up to 20 digits.
      if (value === undefined || !/^\d{1,20}$/.test(value)) return false
      params.sizeBytes = Number(value)
      return true
    },
  ],
  [
    'BODY',
    (params, value) => {
      const body = value?.toUpperCase()
      if (body !== '7BIT' && body !== '8BITMIME') return false
      params.body = body
      return true
    },
  ],
  [
    'SMTPUTF8',
    (params, value) => {
      params.smtpUtf8 = true
      return value === undefined
    },
  ],
  [
    'RET',
    (params, value) => {
      const ret = value?.toUpperCase()
      if (ret !== 'FULL' && ret !== 'HDRS') return false
      params.ret = ret
      return true
    },
  ],
  [
    'ENVID',
    (params, value) => {
      // RFC 3461 §4.4: xtext of at most 100 characters.
      if (value === undefined || value.length > 100 || !isXtext(value)) return false
      params.envid = value
      return true
    },
  ],
  // RFC 4954 §5: whoever is not trusted to say it is heard and ignored.
  ['AUTH', (_params, value) => value !== undefined && value.length <= 500 && isXtext(value)],
])

const rcptParameters = new Map<string, Take<RcptParameters>>([
  [
    'NOTIFY',
    (params, value) => {
      const notify = value?.toUpperCase()
      if (notify === undefined || !isNotify(notify)) return false
      params.notify = notify
      return true
    },
  ],
  [
    'ORCPT',
    (params, value) => {
      // RFC 3461 §4.2: addr-type ";" xtext, 500 characters at most.
      const semicolon = value?.indexOf(';') ?? -1
      if (value === undefined || value.length > 500 || semicolon < 1) return false
      if (!/^[A-Za-z0-9-]+$/.test(value.slice(0, semicolon)) || !isXtext(value.slice(semicolon + 1)))
        return false
      params.orcpt = value
      return true
    },
  ],
])

function parse<T extends object>(text: string, known: ReadonlyMap<string, Take<T>>): Parsed<T> {
  const params = {} as T
  const seen = new Set<string>()
  for (const item of text.split(' ')) {
    if (item === '') continue
    const equals = item.indexOf('=')
    const name = (equals === -1 ? item : item.slice(0, equals)).toUpperCase()
    const take = known.get(name)
    if (take === undefined) return { reply: replies.unknownParameter }
    if (seen.has(name) || !take(params, equals === -1 ? undefined : item.slice(equals + 1))) {
      return { reply: replies.badParameter }
    }
    seen.add(name)
  }
  return { params }
}

/** RFC 3461 §4: printable ASCII without `+` and `=`, those and others as `+` and two upper-case hex digits. */
function isXtext(text: string): boolean {
  return text !== '' && /^(?:[!-*,-<>-~]|\+[0-9A-F]{2})*$/.test(text)
}

function isNotify(text: string): boolean {
  if (text === 'NEVER') return true
  const kinds = text.split(',', 4)
  return (
    new Set(kinds).size === kinds.length &&
    kinds.every((kind) => kind === 'SUCCESS' || kind === 'FAILURE' || kind === 'DELAY')
  )
}
