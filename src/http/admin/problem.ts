/** A refusal that only `/api` knows: of somebody who is not signed in, or may not do it. */
export class ApiProblem extends Error {
  readonly status: number
  readonly code: ApiProblemCode
  readonly retryAfterMs: number | undefined

  constructor(status: number, code: ApiProblemCode, message: string, retryAfterMs?: number) {
    super(message)
    this.name = 'ApiProblem'
    this.status = status
    this.code = code
    this.retryAfterMs = retryAfterMs
  }
}

export type ApiProblemCode =
  | 'unauthorized'
  | 'forbidden'
  | 'csrf'
  | 'wrong-credentials'
  | 'code-needed'
  | 'wrong-code'
  | 'throttled'
