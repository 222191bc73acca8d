/** `/v3/REST/parseroute`: addresses whose mail is posted to a program (reference/events-parse.md B1). */
import { normaliseAddress, parseAddress } from '../../../mail/address.ts'
import type { WebhookId } from '../../../mail/ids.ts'
import { addParseRoute, changeParseRoute } from '../../../webhooks/parse-routes.ts'
import { listWebhooks, removeWebhook, type Webhook } from '../../../webhooks/webhooks.ts'
import { defineResource } from '../define-resource.ts'
import type { Query } from '../resource.ts'
import { alreadyExists } from '../rest-errors.ts'

export const parseroute = defineResource<Webhook>({
  name: 'parseroute',
  description: 'Addresses whose mail is posted to a program.',
  uniqueKey: ['Email'],
  properties: [
    { name: 'APIKeyID', type: 'integer', description: 'The API key.', value: (row) => row.keyId },
    {
      name: 'Email',
      type: 'text',
      description: 'The address: made when it is left out, or of a domain that the API key has proved.',
      write: 'always',
      maxLength: 320,
      value: (row) => row.address ?? row.topic,
    },
    { name: 'ID', type: 'integer', description: 'Number of the route.', value: (row) => row.id },
    {
      name: 'Url',
      type: 'text',
      description: 'Where its mail is posted to; it must have a path.',
      write: 'always',
      isRequired: true,
      maxLength: 2_000,
      value: (row) => row.url,
    },
  ],
  filters: { APIKey: 'integer' },
  sort: { ID: false },
  unknownId: 'not-found',
  select: async (query, page) => (await matching(query)).slice(page.offset, page.offset + page.limit),
  count: async (query) => (await matching(query)).length,
  async create(query, values) {
    const address = values.text('Email')
    const url = values.text('Url') ?? ''
    await checkFree(query, address)
    const { webhook } = await addParseRoute(query.parts.webhooks, {
      keyId: query.keyId,
      url,
      ...(address !== undefined && { address }),
    })
    return webhook
  },
  async update(query, row, values) {
    const address = values.text('Email')
    const url = values.text('Url')
    if (address !== undefined) await checkFree(query, address, row.id)
    return changeParseRoute(query.parts.webhooks, row, {
      ...(address !== undefined && { address }),
      ...(url !== undefined && { url }),
    })
  },
  remove: ({ parts }, row) => removeWebhook(parts.webhooks, row.id),
})

async function matching({ parts, keyId, id, uniqueKey, filters }: Query): Promise<Webhook[]> {
  const key = filters.integer('APIKey')
  if (key !== undefined && key !== keyId) return []
  const [email] = uniqueKey ?? []
  const address = email === undefined ? undefined : parseAddress(email)
  if (email !== undefined && address === undefined) return []
  return listWebhooks(parts.webhooks, {
    keyId,
    kind: 'mail',
    ...(id !== undefined && { id: id as WebhookId }),
    ...(address !== undefined && { topic: normaliseAddress(address) }),
  })
}

async function checkFree({ parts }: Query, email: string | undefined, own?: WebhookId): Promise<void> {
  const address = email === undefined ? undefined : parseAddress(email.trim())
  if (email === undefined || address === undefined) return
  const [known] = await listWebhooks(parts.webhooks, { kind: 'mail', topic: normaliseAddress(address) })
  if (known !== undefined && known.id !== own) {
    throw alreadyExists('ParseRoute', { property: 'Email', value: email.trim() })
  }
}
