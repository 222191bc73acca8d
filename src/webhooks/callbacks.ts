/** Webhooks that are told events of messages: per API key and topic one, and one that takes over when it is dead. */
import type { KeyId } from '../mail/ids.ts'
import { Refused } from '../runtime/refused.ts'
import { changeWebhook } from './change-webhook.ts'
import { checkHookUrl } from './check-url.ts'
import type { WebhooksContext } from './context.ts'
import { eventTopics, isTopic } from './topics.ts'
import { addWebhooks, listWebhooks, type Webhook } from './webhooks.ts'

export type CallbackInput = {
  topic: string
  url: string
  version?: number
  isBackup?: boolean
  state?: Webhook['state']
}

/** With its secret, to be shown once. Throws Refused. */
export async function addCallback(
  ctx: WebhooksContext,
  { topic, ...input }: CallbackInput & { keyId: KeyId },
): Promise<{ webhook: Webhook; secret: string }> {
  const { webhooks, secret } = await addCallbacks(ctx, { ...input, topics: [topic] })
  const [webhook] = webhooks
  if (webhook === undefined) throw new Error('a webhook was not made')
  return { webhook, secret }
}

/** One for each topic, with one secret: all of them, or none. Throws Refused. */
export async function addCallbacks(
  ctx: WebhooksContext,
  {
    keyId,
    topics,
    url,
    version = 1,
    isBackup = false,
    state = 'alive',
  }: Omit<CallbackInput, 'topic'> & { keyId: KeyId; topics: readonly string[] },
): Promise<{ webhooks: Webhook[]; secret: string }> {
  const each = [...new Set(topics)]
  if (each.length === 0)
    throw new Refused('bad-value', `no event is named; the events are ${eventTopics.join(', ')}`)
  each.forEach(checkTopic)
  checkHookUrl(url)
  const common = { keyId, kind: 'events', url, version: toVersion(version), isBackup, state } as const
  const known = await listWebhooks(ctx, { keyId, kind: 'events', isBackup })
  const clash = each.find((topic) => known.some((one) => one.topic === topic)) ?? each.join(', ')
  return addWebhooks(
    ctx,
    each.map((topic) => ({ ...common, topic })),
    taken({ topic: clash, isBackup }),
  )
}

/** What is left out stays as it is. Throws Refused. */
export async function changeCallback(
  ctx: WebhooksContext,
  webhook: Webhook,
  { topic, url, version, isBackup, state }: Partial<CallbackInput>,
): Promise<Webhook> {
  if (topic !== undefined) checkTopic(topic)
  if (url !== undefined) checkHookUrl(url)
  const changes = {
    ...(topic !== undefined && { topic }),
    ...(url !== undefined && { url }),
    ...(version !== undefined && { version: toVersion(version) }),
    ...(isBackup !== undefined && { isBackup }),
    ...(state !== undefined && { state }),
  }
  return changeWebhook(ctx, { webhook, changes, taken: taken({ ...webhook, ...changes }) })
}

function checkTopic(topic: string): void {
  if (isTopic(topic)) return
  throw new Refused(
    'bad-value',
    `"${topic.slice(0, 50)}" is no event; the events are ${eventTopics.join(', ')}`,
  )
}

function toVersion(version: number): 1 | 2 {
  if (version === 1 || version === 2) return version
  throw new Refused(
    'bad-value',
    `the version is ${version}; it should be 1 (an event a call) or 2 (several in an array)`,
  )
}

function taken({ topic, isBackup }: { topic: string; isBackup: boolean }): string {
  const which = isBackup ? 'backup webhook' : 'webhook'
  return `the API key has a ${which} for ${topic} already; change that one, or remove it first`
}
