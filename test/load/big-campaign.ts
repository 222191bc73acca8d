/** A campaign to so many contacts that what it costs, and what a kill does to it, can be measured. */
import type { ContactId, ContactListId, KeyId, MemberId, PropertyId } from '../../src/mail/ids.ts'
import { systemClock } from '../../src/runtime/clock.ts'
import { silentLog } from '../../src/runtime/log.ts'
import { openStorage } from '../../src/storage/open.ts'
import { startCountingSink } from './counting-sink.ts'
import { makeDataFolder, type ServerProcess, startServer } from './server-process.ts'

const domains = 20
const listId = 50 as ContactListId
const html = `<html><body><h1>Dear [[data:first:"reader"]]</h1>${`${'<p>Something new in the shop this week, and something old, and more that is worth a look.</p>'.repeat(8)}<a href="https://shop.example/new?from=mail">Look</a>`.repeat(12)}</body></html>`

/** Written to the database as it is: what is measured is sending. */
async function fill(folder: string, { keyId, contacts }: { keyId: KeyId; contacts: number }): Promise<void> {
  const storage = await openStorage({ kind: 'sqlite', folder, log: silentLog, clock: systemClock })
  const { db } = storage
  const propertyId = 51 as PropertyId
  await db
    .insertInto('contact_lists')
    .values({
      ...{ id: listId, key_id: keyId, name: 'Readers', address: 'abc', created_at: 1, deleted_at: null },
      member_count: contacts,
    })
    .execute()
  await db
    .insertInto('contact_properties')
    .values({
      ...{ id: propertyId, key_id: keyId, name: 'first', name_key: 'first' },
      ...{ type: 'str', namespace: 'static', created_at: 1, deleted_at: null },
    })
    .execute()
  for (let from = 0; from < contacts; from += 1_000) {
    const numbers = Array.from({ length: Math.min(1_000, contacts - from) }, (_, n) => 1_000 + from + n)
    await db.transaction().execute(async (tx) => {
      await tx
        .insertInto('contacts')
        .values(
          numbers.map((n) => ({
            ...{ id: n as ContactId, key_id: keyId, created_at: 1 },
            email: `reader${n}@far${n % domains}.test`,
          })),
        )
        .execute()
      await tx
        .insertInto('list_members')
        .values(
          numbers.map((n) => ({
            ...{ id: n as MemberId, key_id: keyId, list_id: listId, contact_id: n as ContactId },
            ...{ is_unsubscribed: 0 as const, subscribed_at: 1, unsubscribed_at: null },
          })),
        )
        .execute()
      await tx
        .insertInto('contact_values')
        .values(
          numbers.map((n) => ({
            ...{ contact_id: n as ContactId, property_id: propertyId, number_value: null },
            ...{ text_value: `Name ${n}`, text_key: `name ${n}` },
          })),
        )
        .execute()
    })
  }
  await storage.stop()
}

export type BigCampaign = {
  folder: string
  /** Of the server: all mail goes to the sink. */
  env: Record<string, string>
  sink: Awaited<ReturnType<typeof startCountingSink>>
  ready: ServerProcess['ready']
  stop(): Promise<void>
}

/** A data folder with a list of so many contacts, and the host that takes the mail. */
export async function prepareContacts(contacts: number): Promise<BigCampaign> {
  const sink = await startCountingSink({ id: /^To: (\S+)\r$/m })
  const folder = await makeDataFolder()
  const stop = async () => {
    await sink.stop()
    await folder.remove()
  }
  try {
    const env = {
      PARAVION_DELIVERY_SMARTHOST_HOST: '127.0.0.1',
      PARAVION_DELIVERY_SMARTHOST_PORT: String(sink.port),
      PARAVION_DELIVERY_SMARTHOST_SECURITY: 'none',
    }
    const first = await startServer({ folder: folder.path, env })
    const { ready } = first
    const { keys } = (await first.admin('GET', '/api/keys')) as { keys: { id: number; publicKey: string }[] }
    await first.kill('SIGTERM')
    const keyId = keys.find(({ publicKey }) => publicKey === ready.apiKey)?.id
    if (keyId === undefined) throw new Error('the first key has no number')
    await fill(folder.path, { keyId: keyId as KeyId, contacts })
    return { folder: folder.path, env, sink, ready, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** With a content of its own for each, two dozen links, opens and clicks tracked. */
export async function prepareCampaign(server: ServerProcess): Promise<number> {
  const { campaign } = (await server.admin('POST', '/api/campaigns', {
    ...{ title: 'Bench', subject: 'News for [[data:first:"you"]]', listId },
    ...{ senderEmail: server.ready.from, trackOpens: true, trackClicks: true },
  })) as { campaign: { id: number } }
  await server.admin('PUT', `/api/campaigns/${campaign.id}/content`, { html })
  return campaign.id
}

export async function readCampaign(server: ServerProcess, id: number) {
  return (await server.admin('GET', `/api/campaigns/${id}`)) as {
    campaign: { state: string; reason: string }
    progress: { total: number; pending: number; queued: number }
  }
}

/** Of the contacts of the list: how many mails came more than once. */
export function cameTwice({ taken }: BigCampaign['sink']): number {
  return [...taken].filter(([to, times]) => to.includes('@far') && times > 1).length
}
