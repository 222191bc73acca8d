/** `/v3/REST/<resource>[/<id>[/<action>]]`: what the tables in resources/ declare, done (reference/rest-conventions.md). */
import type { ApiKey } from '../../accounts/api-keys.ts'
import { Refused } from '../../runtime/refused.ts'
import type { AnyAction, AnyResource } from './define-resource.ts'
import { readFilters, readPaging, readQuery, refuseFilters, wholeNumber } from './filters.ts'
import { type Properties, propertiesOf } from './properties.ts'
import { readJson } from './read-json.ts'
import type { Query, RestParts } from './resource.ts'
import {
  badRequest,
  masterKeyNeeded,
  methodNotAllowed,
  notFound,
  RestError,
  refusalToRestError,
} from './rest-errors.ts'

export type RestRequest = {
  method: string
  resource: string
  /** What follows the resource in the path, decoded. */
  segments: readonly string[]
  url: string
  baseUrl: string
  body: Buffer
  apiKey: ApiKey
  /** Aborts when the caller has gone. */
  signal: AbortSignal
}

export type RestAnswer = (
  | { status: 200 | 201; body: object }
  /** Deleted, or nothing to change. */
  | { status: 204 | 304 }
) & {
  /** Of a newer service. */
  isNewer?: boolean
}

export type Envelope = { Count: number; Data: readonly object[]; Total: number }

type Operation = (query: Query, body: Buffer) => Promise<RestAnswer>

/** Throws RestError. */
export function createRest({
  resources,
  ...parts
}: { resources: readonly AnyResource[] } & RestParts): (request: RestRequest) => Promise<RestAnswer> {
  const byName = new Map(resources.map((resource) => [resource.name, resource]))

  /** A few resources have names of two parts. */
  function find({ resource, segments }: RestRequest) {
    const [second = '', ...further] = segments
    const twoParts = byName.get(`${resource}/${second}`.toLowerCase())
    if (twoParts !== undefined) return { resource: twoParts, segments: further }
    return { resource: byName.get(resource.toLowerCase()), segments }
  }

  return async (request) => {
    const { resource, segments } = find(request)
    if (resource === undefined) throw unknownResource(request.resource)
    try {
      const answered = await answer(request, resource, segments)
      return resource.isNewer ? { ...answered, isNewer: true } : answered
    } catch (error) {
      if (resource.isNewer && error instanceof RestError) error.isNewer = true
      throw error
    }
  }

  async function answer(
    request: RestRequest,
    resource: AnyResource,
    segments: readonly string[],
  ): Promise<RestAnswer> {
    const { apiKey, method } = request
    const { idText, action, job } = readTarget(resource, segments)
    if (!apiKey.isMaster && resource.masterOnly === 'always') throw masterKeyNeeded()
    const texts = readQuery(request.url)
    refuseFilters(texts, resource.refusedFilters ?? {})
    const query: Query = {
      parts,
      db: parts.storage.db,
      keyId: apiKey.id,
      apiKey,
      baseUrl: request.baseUrl,
      signal: request.signal,
      filters: readFilters(texts, resource.filters),
      now: parts.clock.now(),
    }
    const paging = readPaging(texts, resource.sort)
    const operations =
      action !== undefined
        ? ofAction(action, job)
        : idText === undefined
          ? ofAll(resource, paging)
          : ofOne(resource, paging)
    const operation = operations.get(method)
    if (operation === undefined) throw methodNotAllowed([...operations.keys()])
    if (!apiKey.isMaster && resource.masterOnly === 'to-write' && method !== 'GET') throw masterKeyNeeded()
    if (idText !== undefined && !name(query, resource, idText)) {
      if (resource.unknownId === 'not-found') throw notFound()
      return { status: 200, body: empty }
    }
    try {
      return await operation(query, request.body)
    } catch (error) {
      throw error instanceof Refused ? refusalToRestError(error) : error
    }
  }
}

const empty: Envelope = { Count: 0, Data: [], Total: 0 }

function ofAll(resource: AnyResource, paging: ReturnType<typeof readPaging>): Map<string, Operation> {
  const operations = new Map<string, Operation>()
  operations.set('GET', async (query) => ({ status: 200, body: await list(resource, query, paging) }))
  const { create } = resource
  if (create !== undefined) {
    operations.set('POST', async (query, body) => ({
      status: 201,
      body: envelope([await create(query, readBody(body))]),
    }))
  }
  const change = updating(resource)
  if (resource.isSingle && change !== undefined) operations.set('PUT', change)
  return operations
}

function ofOne(resource: AnyResource, paging: ReturnType<typeof readPaging>): Map<string, Operation> {
  const operations = new Map<string, Operation>()
  operations.set('GET', async (query) => {
    const found = await list(resource, query, paging)
    if (found.Count === 0 && resource.unknownId === 'not-found') throw notFound()
    return { status: 200, body: found }
  })
  const change = updating(resource)
  if (change !== undefined) operations.set('PUT', change)
  const { remove } = resource
  if (remove !== undefined) {
    operations.set('DELETE', async (query) => {
      await remove(query)
      return { status: 204 }
    })
  }
  return operations
}

function ofAction(action: AnyAction, job: number | undefined): Map<string, Operation> {
  const { run, post, put, get, poll, remove } = action
  const operations = new Map<string, Operation>()
  if (job !== undefined) {
    operations.set('GET', async (query) => {
      const data = await poll?.(query, job)
      if (data === undefined) throw notFound()
      return { status: 200, body: envelope(data) }
    })
    return operations
  }
  if (get !== undefined) {
    operations.set('GET', async (query) => ({ status: 200, body: envelope(await get(query)) }))
  }
  if (post !== undefined) {
    operations.set('POST', async (query, body) => ({
      status: 201,
      body: envelope(await post(query, readBody(body))),
    }))
  }
  if (remove !== undefined) {
    operations.set('DELETE', async (query) => {
      await remove(query)
      return { status: 204 }
    })
  }
  if (put !== undefined) {
    operations.set('PUT', async (query, body) => ({
      status: 200,
      body: envelope(await put(query, readBody(body))),
    }))
  }
  if (run !== undefined) {
    operations.set('POST', async (query, body) => {
      readBody(body)
      return { status: 200, body: await run(query) }
    })
  }
  return operations
}

/** `<id>`, `<id>/<action>`, `<id>/<action>/<job>`, or for actions on no object `<action>` and `<action>/<job>`. */
function readTarget(
  resource: AnyResource,
  segments: readonly string[],
): { idText?: string; action?: AnyAction; job?: number } {
  const [first, second, ...further] = segments
  if (first === undefined) return {}
  const onNone = resource.globalActions.get(first.toLowerCase())
  if (onNone === undefined && resource.absentActions?.includes(first.toLowerCase())) {
    throw new RestError(404, `There is no action "${first.toLowerCase()}" of ${resource.name} here`)
  }
  if (onNone === undefined && second === undefined) return { idText: first }
  const action = onNone ?? resource.actions.get(second?.toLowerCase() ?? '')
  const [job, ...more] = onNone === undefined ? further : segments.slice(1)
  if (action === undefined || more.length > 0 || (job !== undefined && action.poll === undefined)) {
    throw unknownResource([resource.name, ...segments.slice(1)].join('/'))
  }
  const jobNumber = wholeNumber(job)
  if (job !== undefined && jobNumber === undefined) throw notFound()
  return {
    action,
    ...(onNone === undefined && { idText: first }),
    ...(jobNumber !== undefined && { job: jobNumber }),
  }
}

function updating({ update }: AnyResource): Operation | undefined {
  if (update === undefined) return undefined
  return async (query, body) => {
    const changed = await update(query, readBody(body))
    return changed === undefined ? { status: 304 } : { status: 200, body: envelope([changed]) }
  }
}

/** Puts into the query what the path names; false when nothing can have such a name. */
function name(query: Query, resource: AnyResource, text: string): boolean {
  const id = wholeNumber(text)
  if (id !== undefined) {
    query.id = id
    return true
  }
  if (resource.uniqueKey === undefined || text.includes('\0')) return false
  const parts = text.split('|')
  // The last part is a name, which may hold what joins them.
  const count = resource.uniqueKey.length
  if (parts.length < count) return false
  query.uniqueKey = [...parts.slice(0, count - 1), parts.slice(count - 1).join('|')]
  return true
}

/** No body is an empty object: actions are called without one. */
function readBody(body: Buffer): Properties {
  const properties = propertiesOf(body.length === 0 ? {} : readJson(body)?.value)
  if (properties === undefined) {
    throw badRequest('Malformed JSON, please review the syntax and properties types.')
  }
  return properties
}

/** `Total` is the number of objects sent unless counting was asked for: counting costs (§2). */
async function list(
  resource: AnyResource,
  query: Query,
  paging: ReturnType<typeof readPaging>,
): Promise<Envelope> {
  if (paging.countOnly) {
    const count = await resource.count(query)
    return { Count: count, Data: [], Total: count }
  }
  const data = await resource.select(query, paging)
  const total = paging.countRecords ? await resource.count(query) : data.length
  return { ...envelope(data), Total: total }
}

export function envelope(data: readonly object[]): Envelope {
  return { Count: data.length, Data: data, Total: data.length }
}

function unknownResource(path: string): RestError {
  return new RestError(400, `Unknown resource: "${path.slice(0, 100)}"`, 'Bad Request')
}
