/** What a caller can do wrong. Each door has one table of what a code means there (style: `satisfies Record`). */
export type RefusalCode =
  | 'bad-address'
  | 'bad-header'
  | 'bad-message'
  | 'bad-value'
  | 'busy'
  | 'conflict'
  | 'no-recipients'
  | 'not-found'
  | 'sender-not-allowed'
  | 'storage-unavailable'
  | 'too-large'
  | 'too-many-recipients'

/** The caller's mistake (or a state they must know of): `message` says what was wrong, where, and what is right. */
export class Refused extends Error {
  readonly code: RefusalCode

  constructor(code: RefusalCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'Refused'
    this.code = code
  }
}
