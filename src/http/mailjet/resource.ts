/** What a resource of `/v3/REST` declares; define-resource.ts and rest.ts do the rest (reference/rest-conventions.md). */
import type { Kysely } from 'kysely'
import type { ApiKey } from '../../accounts/api-keys.ts'
import type { KeyId } from '../../mail/ids.ts'
import type { Schema } from '../../storage/schema.ts'
import type { HttpDependencies } from '../dependencies.ts'
import type { Properties } from './properties.ts'
import type { Values } from './read-values.ts'

/** How the text of a filter is read; what cannot be read is refused. */
export type FilterKind = 'integer' | 'text' | 'boolean' | 'time' | 'list'

/** Filters by the name they are declared under. Times are milliseconds. */
export type Filters = {
  text(name: string): string | undefined
  integer(name: string): number | undefined
  boolean(name: string): boolean | undefined
  time(name: string): number | undefined
  list(name: string): readonly string[] | undefined
}

/** What resources need of the rest of the program. */
export type RestParts = Pick<
  HttpDependencies,
  | 'storage'
  | 'clock'
  | 'domains'
  | 'authenticator'
  | 'contacts'
  | 'statistics'
  | 'webhooks'
  | 'campaigns'
  | 'tracking'
>

export type Query = {
  parts: RestParts
  db: Kysely<Schema>
  /** Only rows of this key are anybody's business. */
  keyId: KeyId
  apiKey: ApiKey
  /** How the caller reached us, for links; no slash at the end. */
  baseUrl: string
  filters: Filters
  /** Aborts when the caller has gone. */
  signal: AbortSignal
  /** The object asked for by what stands in the path: its id, or the parts of its unique key. */
  id?: number
  uniqueKey?: readonly string[]
  now: number
}

export type Sort = { property: string; descending: boolean }

export type Page = { limit: number; offset: number; sort: readonly Sort[] }

export type PropertyType = 'integer' | 'number' | 'boolean' | 'text' | 'time' | 'list' | 'object'

export type Property<Row> = {
  name: string
  type: PropertyType
  /** For the resource `metadata`. */
  description: string
  /** Undefined: left out of the object. */
  value: (row: Row, filters: Filters) => string | number | boolean | object | undefined
  /**
   * Who sends it to us: `always` sets it; `at-creation` sets it once, and is ignored later; `never` is refused
   * whatever it is. Left out: it is ignored (clients send back whole objects).
   */
  write?: 'always' | 'at-creation' | 'never'
  isRequired?: boolean
  default?: string | number | boolean
  /** Texts that may be written, in any letter case; they are handed on as they stand here. */
  allowed?: readonly string[]
  maxLength?: number
  /** Of a text: no control characters at all, where others may have tabs and line breaks. */
  isOneLine?: boolean
  /** Of an integer: words that stand for numbers, lower-case. */
  words?: Readonly<Record<string, number>>
  /** Of `at-creation`: another value later is refused, with this sentence. */
  refusal?: string
}

export type Action<Row> = {
  description: string
  /** POST without a body; the whole body of the answer. */
  run?(query: Query, row: Row): Promise<object>
  /** POST with a body: what `Data` holds, answered with 201. */
  post?(query: Query, row: Row, body: Properties): Promise<readonly object[]>
  /** PUT with a body: what `Data` holds. */
  put?(query: Query, row: Row, body: Properties): Promise<readonly object[]>
  /** DELETE: answered with 204. */
  remove?(query: Query, row: Row): Promise<void>
  /** GET: what `Data` holds. */
  get?(query: Query, row: Row): Promise<readonly object[]>
  /** GET with the number of a job behind the action; undefined when there is no such job. */
  poll?(query: Query, row: Row, jobId: number): Promise<readonly object[] | undefined>
}

/** An action on no object in particular: its name stands where an id would. */
export type GlobalAction = {
  description: string
  post?(query: Query, body: Properties): Promise<readonly object[]>
  put?(query: Query, body: Properties): Promise<readonly object[]>
  get?(query: Query): Promise<readonly object[]>
  poll?(query: Query, jobId: number): Promise<readonly object[] | undefined>
}

export type Resource<Row> = {
  /** As in the path, lower-case. */
  name: string
  description: string
  /** Properties that name an object beside its id; several are joined by `|` in the path. */
  uniqueKey?: readonly string[]
  /** In the order of the real service: alphabetical, but for its newer parts (reference/rest-conventions.md §2). */
  properties: readonly Property<Row>[]
  filters: Readonly<Record<string, FilterKind>>
  /** Filters of the real service for which nothing is kept here, with why: asking by one is refused. */
  refusedFilters?: Readonly<Record<string, string>>
  /** Global actions of the real service that are not here: their names are no ids. */
  absentActions?: readonly string[]
  /** Property names; `true` allows DESC. The first is the default. */
  sort: Readonly<Record<string, boolean>>
  /** An id that is not there: 404, or an empty list (messagehistory). */
  unknownId: 'not-found' | 'empty'
  /** Only the master key of an account may use it at all, or may change anything. */
  masterOnly?: 'always' | 'to-write'
  /** A newer service: its errors have another shape (reference/rest-conventions.md §6). */
  isNewer?: boolean
  /** There is exactly one object, which is changed without naming it. */
  isSingle?: boolean
  select(query: Query, page: Page): Promise<readonly Row[]>
  count(query: Query): Promise<number>
  create?(query: Query, values: Values): Promise<Row>
  /** `values` holds only what is to become different; undefined when nothing did after all. */
  update?(query: Query, row: Row, values: Values): Promise<Row | undefined>
  /** An update does something to this row even when no value changes. */
  isChangedByAnyUpdate?(row: Row): boolean
  remove?(query: Query, row: Row): Promise<void>
  actions?: Readonly<Record<string, Action<Row>>>
  globalActions?: Readonly<Record<string, GlobalAction>>
}

/** `YYYY-MM-DDTHH:MM:SSZ`; '' when unset (reference/rest-conventions.md §5). */
export function formatTime(at: number | null | undefined): string {
  return at === null || at === undefined ? '' : `${new Date(at).toISOString().slice(0, 19)}Z`
}
