import type { Readable } from 'node:stream'

/** An answer that is not JSON: a message as it is, a page, a stream of steps. */
export class RawAnswer {
  readonly contentType: string
  readonly body: string | Buffer | Readable
  readonly headers: Readonly<Record<string, string>>

  constructor(
    contentType: string,
    body: string | Buffer | Readable,
    headers: Readonly<Record<string, string>> = {},
  ) {
    this.contentType = contentType
    this.body = body
    this.headers = headers
  }
}
