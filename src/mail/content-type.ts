/** RFC 2045 §5.1 and RFC 2231: Content-Type, Content-Disposition and their parameters. */

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
