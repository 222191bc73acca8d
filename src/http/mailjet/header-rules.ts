/** What a caller may put into headers: nothing that ends a header line, and none of the names we answer for. */
export { breaksHeader, judgeHeaderName } from '../../mail/header-names.ts'

export const maxHeaders = 100
export const maxHeaderValue = 10_000
export const headerNameRule =
  'header names of printable ASCII characters without spaces and colons (RFC 5322)'
export const headerTextRule = 'text without line breaks (CR, LF) and NUL characters'
