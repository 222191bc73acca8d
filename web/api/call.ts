/** The one door to the server: `/api` with the session cookie and the token that proves a change came from this page. */

export class ApiError extends Error {
  readonly status: number
  readonly code: string
  readonly field: string | undefined

  constructor(status: number, { code, message, field }: { code: string; message: string; field?: string }) {
    super(message)
    this.status = status
    this.code = code
    this.field = field
  }
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

let csrfToken = ''

/** From `GET /api/session`; sent with everything that is not a GET. */
export function keepCsrfToken(token: string): void {
  csrfToken = token
}

export async function call<Answer>(method: Method, path: string, body?: unknown): Promise<Answer> {
  const response = await request(method, path, { body })
  return (await response.json()) as Answer
}

/** The answer as it comes: for streams and downloads. An error is thrown as `call` throws it. */
export async function request(
  method: Method,
  path: string,
  {
    body,
    accept = 'application/json',
    signal,
  }: { body?: unknown; accept?: string; signal?: AbortSignal } = {},
): Promise<Response> {
  const headers: Record<string, string> = { Accept: accept }
  if (body !== undefined) headers['Content-Type'] = 'application/json'
  if (method !== 'GET') headers['X-CSRF-Token'] = csrfToken
  const response = await fetch(`/api${path}`, {
    method,
    headers,
    credentials: 'same-origin',
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(signal !== undefined && { signal }),
  })
  if (!response.ok) throw await readError(response)
  return response
}

/** A file as it is, of any size: it is not read into memory. */
export async function upload<Answer>(path: string, file: File): Promise<Answer> {
  const response = await fetch(`/api${path}`, {
    method: 'POST',
    headers: { 'X-CSRF-Token': csrfToken, 'Content-Type': 'text/csv' },
    credentials: 'same-origin',
    body: file,
  })
  if (!response.ok) throw await readError(response)
  return (await response.json()) as Answer
}

async function readError(response: Response): Promise<ApiError> {
  const text = await response.text()
  const { status } = response
  try {
    const { error } = JSON.parse(text) as { error: { code: string; message: string; field?: string } }
    return new ApiError(status, error)
  } catch (cause) {
    if (!(cause instanceof SyntaxError || cause instanceof TypeError)) throw cause
    return new ApiError(status, { code: 'unreadable', message: `The server answered ${status}` })
  }
}

/** `/a/{x}` with what belongs in the path, and the query parameters that are set. */
export function query(
  path: string,
  parameters: Record<string, string | number | boolean | undefined>,
): string {
  const set = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== '')
  const text = new URLSearchParams(set.map(([name, value]) => [name, String(value)])).toString()
  return text === '' ? path : `${path}?${text}`
}

export function segment(text: string | number): string {
  return encodeURIComponent(String(text))
}
