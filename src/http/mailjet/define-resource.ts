/** Turns a declared resource into what rest.ts calls, with the type of its rows closed over. */
import type { Properties } from './properties.ts'
import { readChanges, readNew } from './read-values.ts'
import type { Action, GlobalAction, Page, Query, Resource } from './resource.ts'
import { notFound } from './rest-errors.ts'

type Described =
  | 'name'
  | 'description'
  | 'uniqueKey'
  | 'filters'
  | 'refusedFilters'
  | 'absentActions'
  | 'sort'
  | 'unknownId'
  | 'masterOnly'
  | 'isNewer'
  | 'isSingle'

/** A resource without the type of its rows, for the table of all of them. */
export type AnyResource = Pick<Resource<never>, Described | 'properties'> & {
  select(query: Query, page: Page): Promise<object[]>
  count(query: Query): Promise<number>
  create?(query: Query, body: Properties): Promise<object>
  /** Undefined: nothing changes. */
  update?(query: Query, body: Properties): Promise<object | undefined>
  remove?(query: Query): Promise<void>
  /** By lower-case name. */
  actions: ReadonlyMap<string, AnyAction>
  globalActions: ReadonlyMap<string, AnyAction>
}

/** An action with its object found. */
export type AnyAction = GlobalAction & {
  run?(query: Query): Promise<object>
  remove?(query: Query): Promise<void>
}

const onlyOne: Page = { limit: 1, offset: 0, sort: [] }

export function defineResource<Row>(resource: Resource<Row>): AnyResource {
  const { select, count, create, update, isChangedByAnyUpdate, remove, ...others } = resource
  const { actions = {}, globalActions = {}, ...declared } = others
  const { properties } = declared

  function show(row: Row, { filters }: Query): Record<string, unknown> {
    const object: Record<string, unknown> = {}
    for (const { name, value } of properties) {
      const shown = value(row, filters)
      if (shown !== undefined) object[name] = shown
    }
    return object
  }

  async function find(query: Query): Promise<Row> {
    const [row] = await select(query, onlyOne)
    if (row === undefined) throw notFound()
    return row
  }

  return {
    ...declared,
    async select(query, page) {
      const rows = await select(query, page)
      return rows.map((row) => show(row, query))
    },
    count,
    ...(create && {
      create: async (query: Query, body: Properties) =>
        show(await create(query, readNew(properties, body)), query),
    }),
    ...(update && {
      async update(query: Query, body: Properties) {
        const row = await find(query)
        const values = readChanges(properties, { body, shown: show(row, query) })
        if (values.size === 0 && !isChangedByAnyUpdate?.(row)) return undefined
        const changed = await update(query, row, values)
        return changed && show(changed, query)
      },
    }),
    ...(remove && { remove: async (query: Query) => remove(query, await find(query)) }),
    actions: byLowerCase(actions, bind),
    globalActions: byLowerCase<GlobalAction>(globalActions, (action) => action),
  }

  function bind({ description, run, post, put, get, poll, remove }: Action<Row>): AnyAction {
    return {
      description,
      ...(run && { run: async (query: Query) => run(query, await find(query)) }),
      ...(post && {
        post: async (query: Query, body: Properties) => post(query, await find(query), body),
      }),
      ...(put && {
        put: async (query: Query, body: Properties) => put(query, await find(query), body),
      }),
      ...(remove && { remove: async (query: Query) => remove(query, await find(query)) }),
      ...(get && { get: async (query: Query) => get(query, await find(query)) }),
      ...(poll && { poll: async (query: Query, jobId: number) => poll(query, await find(query), jobId) }),
    }
  }
}

function byLowerCase<A>(
  actions: Readonly<Record<string, A>>,
  turn: (action: A) => AnyAction,
): ReadonlyMap<string, AnyAction> {
  return new Map(Object.entries(actions).map(([name, action]) => [name.toLowerCase(), turn(action)]))
}
