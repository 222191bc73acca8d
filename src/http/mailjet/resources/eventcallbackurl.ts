/** `/v3/REST/eventcallbackurl`: who is told of events (reference/events-parse.md A1). */

import type { WebhookId } from '../../../mail/ids.ts'
import { addCallback, type CallbackInput, changeCallback } from '../../../webhooks/callbacks.ts'
import { isEventTopic } from '../../../webhooks/topics.ts'
import { tryWebhook } from '../../../webhooks/try-webhook.ts'
import { listWebhooks, removeWebhook, type Webhook, type WebhookFilters } from '../../../webhooks/webhooks.ts'
import { defineResource } from '../define-resource.ts'
import { eventName, eventNames, topicOfName } from '../event-names.ts'
import type { Values } from '../read-values.ts'
import type { Query } from '../resource.ts'
import { envelope } from '../rest.ts'
import { alreadyExists, badRequest } from '../rest-errors.ts'

export const eventcallbackurl = defineResource<Webhook>({
  name: 'eventcallbackurl',
  description: 'Addresses that are called when something happens to a message.',
  uniqueKey: ['EventType', 'Backup'],
  properties: [
    { name: 'APIKeyID', type: 'integer', description: 'The API key.', value: (row) => row.keyId },
    {
      name: 'EventType',
      type: 'text',
      description: `What it is told of: ${eventNames.join(', ')}.`,
      write: 'always',
      default: 'open',
      value: (row) => eventName(row.topic),
    },
    { name: 'ID', type: 'integer', description: 'Number of the webhook.', value: (row) => row.id },
    {
      name: 'IsBackup',
      type: 'boolean',
      description: 'Whether it is called only while the other one of its event is dead.',
      write: 'always',
      default: false,
      value: (row) => row.isBackup,
    },
    {
      name: 'Status',
      type: 'text',
      description: 'alive, or dead when it has not answered for a day.',
      write: 'always',
      default: 'alive',
      allowed: ['alive', 'dead'],
      value: (row) => row.state,
    },
    {
      name: 'Url',
      type: 'text',
      description: 'The address, with a login where it needs one.',
      write: 'always',
      isRequired: true,
      maxLength: 2_000,
      value: (row) => row.url,
    },
    {
      name: 'Version',
      type: 'integer',
      description: '1: an event a call. 2: several in an array.',
      write: 'always',
      default: 1,
      value: (row) => row.version,
    },
  ],
  filters: { APIKey: 'integer', Backup: 'boolean', EventType: 'text', Status: 'text', Version: 'integer' },
  sort: { ID: false },
  unknownId: 'not-found',
  select: async (query, page) => (await matching(query)).slice(page.offset, page.offset + page.limit),
  count: async (query) => (await matching(query)).length,
  async create(query, values) {
    const input = { topic: 'opened', url: '', ...readValues(values) }
    await checkFree(query, input)
    const { webhook } = await addCallback(query.parts.webhooks, { keyId: query.keyId, ...input })
    return webhook
  },
  async update(query, row, values) {
    const input = readValues(values)
    if (input.topic !== undefined || input.isBackup !== undefined)
      await checkFree(query, { ...row, ...input })
    return changeCallback(query.parts.webhooks, row, input)
  },
  remove: ({ parts }, row) => removeWebhook(parts.webhooks, row.id),
  actions: {
    test: {
      description: 'Calls the address at once with an event that did not happen.',
      async run({ parts }, row) {
        if (!isEventTopic(row.topic)) {
          throw badRequest(
            'Object properties invalid',
            `MJ04 nothing is ever told of ${eventName(row.topic)}, so that there is nothing to try`,
          )
        }
        const { isDelivered, status, problem, answer, durationMs } = await tryWebhook(parts.webhooks, row.id)
        return envelope([
          {
            Answer: answer,
            DurationMs: durationMs,
            Error: problem,
            HTTPStatus: status ?? 0,
            ID: row.id,
            IsDelivered: isDelivered,
          },
        ])
      },
    },
  },
})

async function matching(query: Query): Promise<Webhook[]> {
  const filters = readFilters(query)
  return filters === undefined ? [] : listWebhooks(query.parts.webhooks, filters)
}

/** Undefined: nothing can match. */
function readFilters({ keyId, id, uniqueKey, filters }: Query): WebhookFilters | undefined {
  const [name, backup] = uniqueKey ?? [filters.text('EventType')]
  const isBackup = uniqueKey === undefined ? filters.boolean('Backup') : readFlag(backup)
  const topic = name === undefined ? undefined : topicOfName(name)
  const key = filters.integer('APIKey')
  const state = filters.text('Status')?.toLowerCase()
  const version = filters.integer('Version')
  if (name !== undefined && topic === undefined) return undefined
  if (uniqueKey !== undefined && isBackup === undefined) return undefined
  if (key !== undefined && key !== keyId) return undefined
  if (state !== undefined && state !== 'alive' && state !== 'dead') return undefined
  return {
    keyId,
    kind: 'events',
    ...(id !== undefined && { id: id as WebhookId }),
    ...(topic !== undefined && { topic }),
    ...(isBackup !== undefined && { isBackup }),
    ...(state !== undefined && { state }),
    ...(version !== undefined && { version }),
  }
}

function readFlag(text: string | undefined): boolean | undefined {
  const word = text?.trim().toLowerCase()
  if (word === 'true' || word === '1') return true
  return word === 'false' || word === '0' ? false : undefined
}

function readValues(values: Values): Partial<CallbackInput> {
  const name = values.text('EventType')
  const topic = name === undefined ? undefined : topicOfName(name)
  if (name !== undefined && topic === undefined) {
    const allowed = eventNames.map((one) => `"${one}"`).join(', ')
    throw badRequest(
      'Object properties invalid',
      `MJ08 Property EventType is invalid: MJ04 Value must be one of: ${allowed}`,
    )
  }
  const url = values.text('Url')
  const version = values.integer('Version')
  const isBackup = values.boolean('IsBackup')
  const status = values.text('Status')
  return {
    ...(topic !== undefined && { topic }),
    ...(url !== undefined && { url }),
    ...(version !== undefined && { version }),
    ...(isBackup !== undefined && { isBackup }),
    ...(status !== undefined && { state: status === 'dead' ? 'dead' : 'alive' }),
  }
}

/** Clients look for these words. */
async function checkFree(
  { parts, keyId }: Query,
  { id, topic, isBackup = false }: { id?: WebhookId; topic: string; isBackup?: boolean },
): Promise<void> {
  const [known] = await listWebhooks(parts.webhooks, { keyId, kind: 'events', topic, isBackup })
  if (known === undefined || known.id === id) return
  throw alreadyExists('EventCallbackUrl', {
    property: 'EventType|Backup',
    value: `${eventName(topic)}|${isBackup}`,
  })
}
