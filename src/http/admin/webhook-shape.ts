/** Webhooks and parse routes as `/api` shows them. */
import { z } from 'zod'
import type { WebhookId } from '../../mail/ids.ts'
import { countWaiting } from '../../webhooks/waiting.ts'
import type { Webhook } from '../../webhooks/webhooks.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { readId } from './messages.ts'

export const key = z.string().optional().describe('An API key; the first one when left out')
export const time = z.number().describe('Milliseconds since 1970')

export const webhook = z.object({
  id: z.number(),
  keyId: z.number(),
  kind: z.enum(['events', 'mail']),
  topic: z.string().describe('The event that it is told of; of mail: the address'),
  address: z.string().nullable().describe('Of mail'),
  url: z.string().describe('Without its password'),
  isBackup: z.boolean().describe('Is called only while the other webhook of its event is dead'),
  version: z.union([z.literal(1), z.literal(2)]).describe('1: an event a call; 2: several in an array'),
  state: z
    .enum(['alive', 'dead'])
    .describe('dead: it has not answered for a day, and is not called any more'),
  createdAt: time,
  failingSince: time.nullable(),
  lastSuccessAt: time.nullable(),
  lastProblem: z.string(),
  deadSince: time.nullable(),
  missedSince: time.nullable().describe('Since when it may have missed something that was not sent again'),
  waiting: z.number().describe('Calls that it is owed'),
})

export const withSecret = z.object({
  webhook,
  secret: z.string().describe('Signs the bodies; shown this once'),
})

export const url = z.string().max(2_000).describe('http or https, with a login where it needs one')
export const state = z.enum(['alive', 'dead'])

type Shown = z.infer<typeof webhook>

export async function shownAll(
  webhooks: HttpDependencies['webhooks'],
  found: readonly Webhook[],
): Promise<Shown[]> {
  const waiting = await countWaiting(
    webhooks.storage,
    found.map(({ id }) => id),
  )
  return found.map(({ url: _, shownUrl, ...one }) => ({
    ...one,
    url: shownUrl,
    waiting: waiting.get(one.id) ?? 0,
  }))
}

export async function shown(webhooks: HttpDependencies['webhooks'], found: Webhook): Promise<Shown> {
  const [one] = await shownAll(webhooks, [found])
  if (one === undefined) throw new Error('a webhook was lost while it was shown')
  return one
}

export function idOf(text: string | undefined): WebhookId {
  return readId(text) as WebhookId
}

type Given<T> = { [Name in keyof T]: Exclude<T[Name], undefined> }

/** Without what was left out. */
export function given<T extends object>(values: T): Partial<Given<T>> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<
    Given<T>
  >
}
