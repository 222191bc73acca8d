/** What holds for every resource, shown on one that lives in memory. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createTestCampaigns, createTestTracking } from '../../../test/campaigns-world.ts'
import { createTestDomains } from '../../../test/domains-world.ts'
import { openTestStorage, storagePlace } from '../../../test/storage.ts'
import { createTestWebhooks } from '../../../test/webhooks-world.ts'
import { createApiKey } from '../../accounts/api-keys.ts'
import { createAuthenticator } from '../../accounts/authenticate.ts'
import { systemClock } from '../../runtime/clock.ts'
import { silentLog } from '../../runtime/log.ts'
import { defineResource } from './define-resource.ts'
import type { Query } from './resource.ts'
import { createRest, type RestAnswer } from './rest.ts'
import { RestError } from './rest-errors.ts'

type Hook = { id: number; event: string; isBackup: boolean; url: string; tries: number; since: string }

function defineHooks() {
  const hooks: Hook[] = []
  const matching = ({ id, uniqueKey, filters }: Query) =>
    hooks.filter(
      ({ id: own, event, isBackup, tries }) =>
        (id === undefined || own === id) &&
        (filters.integer('Contact') ?? own) === own &&
        (filters.integer('Tries') ?? tries) === tries &&
        (uniqueKey === undefined || (event === uniqueKey[0] && String(isBackup) === uniqueKey[1])),
    )
  return defineResource<Hook>({
    name: 'hook',
    description: 'Hooks of this test.',
    uniqueKey: ['EventType', 'IsBackup'],
    properties: [
      {
        name: 'EventType',
        type: 'text',
        description: 'Event.',
        write: 'at-creation',
        isRequired: true,
        value: (row) => row.event,
      },
      { name: 'ID', type: 'integer', description: 'Number.', value: (row) => row.id },
      {
        name: 'IsBackup',
        type: 'boolean',
        description: 'Spare.',
        write: 'at-creation',
        value: (row) => row.isBackup,
      },
      { name: 'Since', type: 'time', description: 'Start.', write: 'always', value: (row) => row.since },
      { name: 'Tries', type: 'integer', description: 'Tries.', write: 'always', value: (row) => row.tries },
      { name: 'Url', type: 'text', description: 'Place.', write: 'always', value: (row) => row.url },
    ],
    filters: { Contact: 'integer', IsBackup: 'boolean', Since: 'time', Tries: 'integer', Url: 'text' },
    refusedFilters: { Colour: 'hooks have none' },
    absentActions: ['export'],
    sort: { ID: false, Tries: true },
    unknownId: 'not-found',
    select: async (query, page) => matching(query).slice(page.offset, page.offset + page.limit),
    count: async (query) => matching(query).length,
    async create(_query, values) {
      const hook = {
        id: hooks.length + 1,
        event: values.text('EventType') ?? '',
        isBackup: values.boolean('IsBackup') ?? false,
        url: values.text('Url') ?? '',
        tries: values.integer('Tries') ?? 0,
        since: values.text('Since') ?? '',
      }
      hooks.push(hook)
      return hook
    },
    async update(_query, row, values) {
      row.url = values.text('Url') ?? row.url
      row.tries = values.integer('Tries') ?? row.tries
      row.since = values.text('Since') ?? row.since
      return row
    },
    async remove(_query, row) {
      hooks.splice(hooks.indexOf(row), 1)
    },
  })
}

/** Answers as text: status and data, or status, message and info. */
async function startHooks(t: TestContext) {
  const storage = await openTestStorage(t, await storagePlace(t, 'sqlite'))
  const { key: apiKey } = await createApiKey(storage, { name: 'test', now: 0 })
  const rest = createRest({
    resources: [defineHooks()],
    storage,
    clock: systemClock,
    domains: createTestDomains(storage).ctx,
    authenticator: createAuthenticator({ storage, clock: systemClock }),
    contacts: {
      ...{ storage, clock: systemClock, log: silentLog },
      suppressionCheck: { forget: () => undefined },
      publicUrl: () => 'http://localhost',
      sendMail: async () => {},
    },
    statistics: { fresh: async () => true },
    webhooks: createTestWebhooks(storage),
    campaigns: createTestCampaigns(storage),
    tracking: await createTestTracking(storage),
  })
  return async (method: string, path: string, body?: unknown): Promise<unknown[]> => {
    const [resource = '', ...segments] = (path.split('?', 1)[0] ?? '').split('/')
    try {
      const text = body === undefined ? '' : JSON.stringify(body)
      const answer: RestAnswer = await rest({
        method,
        resource,
        segments,
        url: `/v3/REST/${path}`,
        baseUrl: 'http://localhost',
        signal: new AbortController().signal,
        body: Buffer.from(text),
        apiKey,
      })
      return 'body' in answer ? [answer.status, answer.body] : [answer.status]
    } catch (error) {
      if (error instanceof RestError) return [error.status, error.message, error.info]
      throw error
    }
  }
}

const first = { EventType: 'open', ID: 1, IsBackup: false, Since: '', Tries: 2, Url: 'https://a.example' }
const unreadable = (filter: string, value: string, wanted: string) => [
  400,
  `Invalid value for filter "${filter}": "${value}" is not ${wanted}`,
  '',
]
const unsortable = (why: string) => [400, `Invalid sort specification: ${why}`, '']
const only = (object: object) => ({ Count: 1, Data: [object], Total: 1 })

test('composite keys, lenient types, and changes that are none', async (t) => {
  const call = await startHooks(t)
  const created = await call('POST', 'Hook', {
    EVENTTYPE: 'open',
    tries: '2',
    Url: 'https://a.example',
    ID: 9,
  })
  assert.deepEqual(created, [201, only(first)])
  await call('POST', 'hook', { EventType: 'open', IsBackup: 'TRUE', Tries: null, Since: 1_700_000_000 })
  const second = {
    EventType: 'open',
    ID: 2,
    IsBackup: true,
    Since: '2023-11-14T22:13:20Z',
    Tries: 0,
    Url: '',
  }

  const both = [200, { Count: 2, Data: [first, second], Total: 2 }]
  const cases: [string, string, unknown, unknown[]][] = [
    ['GET', 'hook/open|false', undefined, [200, only(first)]],
    ['GET', 'hook/2', undefined, [200, only(second)]],
    ['GET', 'hook/open|true', undefined, [200, only(second)]],
    ['GET', 'hook/open', undefined, [404, 'Object not found', '']],
    ['GET', 'hook/open|true|x', undefined, [404, 'Object not found', '']],
    ['GET', 'hook/-1', undefined, [404, 'Object not found', '']],
    ['GET', 'hook/\0|true', undefined, [404, 'Object not found', '']],
    ['PUT', 'hook/open|true', { since: '2023-11-14T22:13:20+00:00', isbackup: 1, EventType: 'OPEN' }, [304]],
    ['PUT', 'hook/1', { ID: 7, Tries: 3.0 }, [200, only({ ...first, Tries: 3 })]],
    ['PUT', 'hook/1', { Tries: 2, Url: 'https://a.example' }, [200, only(first)]],
    ['PUT', 'hook/9', { Tries: 1 }, [404, 'Object not found', '']],
    ['PUT', 'hook/1', { IsBackup: true, EventType: 5, id: 'x' }, [304]],
    [
      'POST',
      'hook',
      { EventType: '' },
      [
        400,
        'Object properties invalid',
        'MJ08 Property EventType is invalid: MJ04 Value must have at least length 1',
      ],
    ],
    [
      'POST',
      'hook',
      { EventType: 'x', Tries: true },
      [400, 'Object properties invalid', 'MJ08 Property Tries is invalid: MJ04 Value must be a whole number'],
    ],
    ['POST', 'hook', 'text', [400, 'Malformed JSON, please review the syntax and properties types.', '']],
    ['GET', 'hook?countOnly=1', undefined, [200, { Count: 2, Data: [], Total: 2 }]],
    ['GET', 'hook?LIMIT=1&countRecords=true', undefined, [200, { Count: 1, Data: [first], Total: 2 }]],
    ['GET', 'hook?Limit=1&limit=2', undefined, [200, only(first)]],
    ['GET', 'hook?Limit=0&Offset=1', undefined, both],
    ['GET', 'hook?Tries=0&TRIES=2', undefined, [200, only(second)]],
    ['GET', 'hook?Tries=&Other=x', undefined, both],
    ['GET', 'hook?Tries=two', undefined, unreadable('Tries', 'two', 'a whole number')],
    ['GET', 'hook?IsBackup=maybe', undefined, unreadable('IsBackup', 'maybe', 'true or false')],
    [
      'GET',
      'hook?Since=rubbish',
      undefined,
      unreadable('Since', 'rubbish', 'Unix seconds or a time like 2026-01-31T12:00:00Z'),
    ],
    ['GET', 'hook?Url=%00', undefined, [400, 'Invalid value for "Url": it holds U+0000', '']],
    ['GET', 'hook?ContactID=1', undefined, [200, only(first)]],
    ['GET', 'hook?contact=2', undefined, [200, only(second)]],
    ['GET', 'hook?Colour=red', undefined, [400, 'The filter "Colour" is not supported: hooks have none', '']],
    ['GET', 'hook?Sort=ID', undefined, both],
    ['GET', 'hook?Sort=Tries+desc', undefined, both],
    ['GET', 'hook?Sort=ID+DESC', undefined, unsortable('Cannot sort on field "ID" in descending order')],
    ['GET', 'hook?Sort=Tries+DOWN', undefined, unsortable('"DOWN" is neither ASC nor DESC')],
    ['GET', 'hook?Sort=Tries%2BDESC', undefined, unsortable('Cannot sort on field "Tries+DESC"')],
    ['GET', 'hook/export', undefined, [404, 'There is no action "export" of hook here', '']],
    ['POST', 'hook/Export', {}, [404, 'There is no action "export" of hook here', '']],
    ['OPTIONS', 'hook', undefined, [405, 'Method not allowed', '']],
    ['PATCH', 'hook/1', {}, [405, 'Method not allowed', '']],
    ['DELETE', 'hook', undefined, [405, 'Method not allowed', '']],
    ['POST', 'hook/1', {}, [405, 'Method not allowed', '']],
    ['POST', 'hook/1/check', {}, [400, 'Unknown resource: "hook/check"', 'Bad Request']],
    ['GET', 'constructor', undefined, [400, 'Unknown resource: "constructor"', 'Bad Request']],
    ['DELETE', 'hook/open|true', undefined, [204]],
    ['DELETE', 'hook/2', undefined, [404, 'Object not found', '']],
  ]
  for (const [method, path, body, expected] of cases) {
    assert.deepEqual(await call(method, path, body), expected, `${method} ${path} ${JSON.stringify(body)}`)
  }
})
