/** RFC 2045 §5.1 and RFC 2231: Content-Type, Content-Disposition and their parameters. */
import { decodeCharset } from './encoded-words.ts'

export type ContentValue = {
  /** `text/html` or `attachment`, lower-case. */
  readonly value: string
  /** Names in lower case; the first of a name counts. */
  readonly parameters: ReadonlyMap<string, string>
}

const token = "[!#$%&'*+\\-.0-9A-Z^_`a-z{|}~]"
const contentTypePattern = new RegExp(`^${token}+/${token}+(?:[ \\t]*;[ -~\\t]*)?$`)
const parameterPattern = /;\s*([^\s;="]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))/gs

/** Values longer than this have no parameters worth reading. */
const maxValueLength = 10_000

/** `type/subtype` with or without parameters, nothing that could not stand in a header. */
export function isContentType(text: string): boolean {
  return text.length <= 1000 && contentTypePattern.test(text)
}

/** An unfolded Content-Type or Content-Disposition. Tolerant: what is no parameter is skipped. */
export function parseContentValue(header: string): ContentValue {
  const text = header.slice(0, maxValueLength)
  const semicolon = text.indexOf(';')
  const parameters = new Map<string, string>()
  if (semicolon !== -1) {
    for (const [, name = '', quoted, bare] of text.slice(semicolon).matchAll(parameterPattern)) {
      const lower = name.toLowerCase()
      const value = quoted === undefined ? (bare ?? '') : quoted.replaceAll(/\\(.)/gs, '$1')
      if (!parameters.has(lower)) parameters.set(lower, value)
    }
  }
  return {
    value: (semicolon === -1 ? text : text.slice(0, semicolon)).trim().toLowerCase(),
    parameters,
  }
}

const charsetParameter = /;\s*charset\s*=\s*(?:"[^"]*"|[^\s;"]*)/gi

/** The Content-Type with `charset=utf-8` instead of whatever charset it names. */
export function withUtf8(contentType: string): string {
  return `${contentType.replaceAll(charsetParameter, '').trimEnd().replace(/;$/, '')}; charset=utf-8`
}

/** A longer value goes into RFC 2231 §3 continuations, to stay clear of the limit of 998 octets a line. */
const maxParameterValue = 200

/** `; filename="…"`, and for what ASCII cannot say `; filename*=UTF-8''…` behind a readable substitute. */
export function formatFilename(filename: string): string {
  const name = filename.toWellFormed().replaceAll(/\p{Cc}/gu, '_')
  if (/^[ -~]*$/.test(name) && name.length <= maxParameterValue) return `; filename=${quoteValue(name)}`
  const fallback = name.replaceAll(/[^ -~]/gu, '_').slice(-maxParameterValue)
  return `; filename=${quoteValue(fallback)}${encodeParameter('filename', name)}`
}

function quoteValue(text: string): string {
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`
}

function encodeParameter(name: string, value: string): string {
  // encodeURIComponent leaves !'()* alone; RFC 2231 §7 does not allow the last four.
  const encoded = encodeURIComponent(value).replaceAll(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  if (encoded.length <= maxParameterValue) return `; ${name}*=UTF-8''${encoded}`
  const pieces = encoded.match(/(?:%..|.){1,60}/g) ?? []
  return pieces.map((piece, i) => `; ${name}*${i}*=${i === 0 ? "UTF-8''" : ''}${piece}`).join('')
}

/** The file name of a Content-Disposition, or the `name` of a Content-Type; RFC 2231 forms before plain ones. */
export function readFilename({ parameters }: ContentValue): string | undefined {
  for (const name of ['filename', 'name']) {
    const value = readExtended(parameters, name) ?? parameters.get(name)
    if (value !== undefined && value !== '') return value
  }
  return undefined
}

const maxContinuations = 100

/** `name*=UTF-8''…`, or its pieces `name*0*`, `name*1`, … (RFC 2231 §3, §4). */
function readExtended(parameters: ReadonlyMap<string, string>, name: string): string | undefined {
  const whole = parameters.get(`${name}*`)
  if (whole !== undefined) return decodeExtended([{ text: whole, isEncoded: true }])
  const pieces: { text: string; isEncoded: boolean }[] = []
  for (let i = 0; i < maxContinuations; i++) {
    const encoded = parameters.get(`${name}*${i}*`)
    const text = encoded ?? parameters.get(`${name}*${i}`)
    if (text === undefined) break
    pieces.push({ text, isEncoded: encoded !== undefined })
  }
  return pieces.length === 0 ? undefined : decodeExtended(pieces)
}

function decodeExtended(pieces: readonly { text: string; isEncoded: boolean }[]): string {
  const [first] = pieces
  const [, charset = 'utf-8'] = (first?.isEncoded && /^([^']{0,40})'[^']{0,40}'/.exec(first.text)) || []
  const octets = pieces.map(({ text, isEncoded }, i) => {
    if (!isEncoded) return Buffer.from(text)
    const value = i === 0 ? text.replace(/^[^']{0,40}'[^']{0,40}'/, '') : text
    const latin = value.replaceAll(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    )
    return Buffer.from(latin, 'latin1')
  })
  const bytes = Buffer.concat(octets)
  return decodeCharset(bytes, charset || 'utf-8') ?? bytes.toString('utf8')
}
