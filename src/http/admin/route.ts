/** A route of the admin API as data: what it takes, what it gives, what it does; documentation is made from the same. */
import { z } from 'zod'
import type { Role } from '../../accounts/roles.ts'
import type { UserId } from '../../mail/ids.ts'
import { BadField } from '../errors.ts'
import { readJson } from '../mailjet/read-json.ts'
import type { Caller } from './caller.ts'
import { explainIssue } from './explain-issue.ts'
import type { RawAnswer } from './raw-answer.ts'

export type AdminRoute = {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Below /api; parameters in braces, as OpenAPI has them: `/keys/{key}`. */
  path: string
  summary: string
  query: z.ZodType | undefined
  body: z.ZodType | undefined
  answer: z.ZodType
  /** 200 when left out. */
  status: number
  /** The least that a caller has to be; when left out, a viewer for GET and an admin for the others. */
  role: Role | 'anyone'
  /** Content types of answers that are not JSON. */
  produces: readonly string[]
  /** It changes nothing, whatever its method: the audit log does not need to know. */
  isReading: boolean
  handle(call: Call<unknown, unknown>): Promise<unknown>
}

export type Call<Query, Body> = {
  params: Record<string, string>
  query: Query
  body: Body
  /** Aborts when the caller has gone. */
  signal: AbortSignal
  caller: Caller
  client: {
    address: string
    userAgent: string
    /** What the caller would like to have. */
    accept: string
    /** How they reached us, for links. */
    baseUrl: string
  }
  /** Puts the session's token into the cookie; undefined takes it out. */
  setSession(token: string | undefined): void
  /** What the audit log names besides what stands in the path. No secrets. */
  about(object: string): void
  /** Who acts, where that is known only after the call began. */
  actAs(user: { id: UserId; email: string }): void
}

/** Gives the handler the types of its schemas. */
export function defineRoute<
  Query extends z.ZodType = z.ZodType<Record<string, never>>,
  Body extends z.ZodType = z.ZodType<undefined>,
  Answer extends z.ZodType = z.ZodType,
>(route: {
  method: AdminRoute['method']
  path: string
  summary: string
  query?: Query
  body?: Body
  answer: Answer
  status?: number
  role?: AdminRoute['role']
  produces?: readonly string[]
  isReading?: boolean
  handle(call: Call<z.infer<Query>, z.infer<Body>>): Promise<z.infer<Answer> | RawAnswer>
}): AdminRoute {
  const { method, path, summary, query, body, answer, status = 200, produces = [] } = route
  return {
    method,
    path,
    summary,
    query,
    body,
    answer,
    status,
    role: route.role ?? (method === 'GET' ? 'viewer' : 'admin'),
    produces,
    isReading: route.isReading ?? method === 'GET',
    // The schemas above are what the values are parsed with (readQueryOf, readBodyOf).
    handle: (call) => route.handle(call as Parameters<typeof route.handle>[0]),
  }
}

/** Query parameters as the route declares them; what is unknown is refused with its name. */
export function readQueryOf({ query }: AdminRoute, url: string): unknown {
  const start = url.indexOf('?')
  const texts = Object.fromEntries(new URLSearchParams(start === -1 ? '' : url.slice(start + 1)))
  return parse(query ?? noQuery, texts)
}

export function readBodyOf({ body }: AdminRoute, bytes: unknown): unknown {
  if (body === undefined) return undefined
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.alloc(0)
  const json = readJson(buffer.length === 0 ? Buffer.from('{}') : buffer)
  if (json === undefined) throw new BadField('body', 'The body is not JSON')
  return parse(body, json.value)
}

function parse(schema: z.ZodType, value: unknown): unknown {
  const parsed = schema.safeParse(value, { error: explainIssue })
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : []
  const field = [...(issue?.path ?? []), ...unknown].join('.')
  const message = issue?.message ?? 'is not valid'
  // 'is missing' and 'should be': a sentence needs what it is about.
  const isPredicate = /^(?:is|should) /.test(message)
  throw new BadField(field || 'body', isPredicate ? `${field || 'the body'} ${message}` : message)
}

const noQuery = z.strictObject({})

/** A whole number in a query, which is text. */
export function queryNumber({ min, max }: { min: number; max: number }) {
  return z.coerce.number().int().min(min).max(max)
}

export const idNumber = z.number().int().positive()
