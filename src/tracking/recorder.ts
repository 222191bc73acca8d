/**
 * Writes opens and clicks down, many in one commit. Nobody waits for it: whoever follows a link is led on at once, and
 * a crash loses the last second at most.
 */
import { LRUCache } from 'lru-cache'
import type { CampaignId, DeliveryId, KeyId, MessageId } from '../mail/ids.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Log } from '../runtime/log.ts'
import type { Storage } from '../storage/storage.ts'
import type { TrackingDefaults } from './defaults.ts'
import { burstMs, isBurst, judge } from './judge.ts'
import { recordVisit, type Visit } from './visits.ts'

export type Visitor = { method: string; ip: string; agent: string }

export type Recorder = {
  opened(deliveryId: number, visitor: Visitor): void
  clicked(click: { deliveryId: number; url: string; position: number }, visitor: Visitor): void
  /** Resolves when everything so far is written down. */
  flush(): Promise<void>
  /** Writes down what is left. */
  stop(): Promise<void>
}

type Waiting = Visitor & {
  kind: 'open' | 'click'
  deliveryId: DeliveryId
  at: number
  url: string
  position: number
  isBurst: boolean
}

type Delivery = {
  id: DeliveryId
  messageId: MessageId
  keyId: KeyId
  campaignId: CampaignId | null
  deliveredAt: number | undefined
}

/** Long enough that a machine has followed all links of a mail by then. */
const flushMs = 1_000
const maxPerCommit = 500
/** While the storage takes nothing: what comes after that is not recorded. */
const maxWaiting = 50_000
const maxText = 300

export function createRecorder({
  storage,
  clock,
  log,
  rules,
  countryOf,
  scannerMs,
}: {
  storage: Storage
  clock: Clock
  log: Log
  rules: Pick<TrackingDefaults, 'of'>
  /** '' when it is not known. */
  countryOf(ip: string): string
  scannerMs: number
}): Recorder {
  let waiting: Waiting[] = []
  let lost = 0
  let timer: NodeJS.Timeout | undefined
  let writing: Promise<void> = Promise.resolve()
  const clicks = new LRUCache<DeliveryId, Waiting[]>({ max: 10_000 })

  function add(visit: Waiting): void {
    if (waiting.length >= maxWaiting) {
      lost += 1
      return
    }
    waiting.push(visit)
    timer ??= setTimeout(() => void flush(), flushMs).unref()
  }

  function flush(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    writing = writing.then(writeAll)
    return writing
  }

  /** Never rejects. */
  async function writeAll(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, maxPerCommit)
      try {
        await write(batch)
      } catch (error) {
        log.error({ err: error, waiting: waiting.length }, 'opens and clicks could not be written down')
        timer ??= setTimeout(() => void flush(), flushMs).unref()
        return
      }
      waiting = waiting.slice(batch.length)
    }
    if (lost > 0) log.error({ lost }, 'opens and clicks were lost while the storage took nothing')
    lost = 0
  }

  async function write(batch: readonly Waiting[]): Promise<void> {
    const deliveries = await readDeliveries(storage, [...new Set(batch.map(({ deliveryId }) => deliveryId))])
    const known = batch.flatMap((visit) => {
      const delivery = deliveries.get(visit.deliveryId)
      // The message is forgotten: the link leads on, and there is nothing to tell it of.
      return delivery === undefined ? [] : [{ visit, delivery }]
    })
    if (known.length === 0) return
    const firstId = await storage.reserveIds(known.length)
    const writes = []
    for (const [i, { visit, delivery }] of known.entries()) {
      const { isPrivate } = await rules.of(delivery.keyId)
      writes.push(...recordVisit(toVisit(visit, delivery, { id: firstId + i, isPrivate })))
    }
    // By statement, so that PostgreSQL runs two for all of them.
    writes.sort((a, b) => a.statement.index - b.statement.index)
    await storage.commit({ writes, isPatient: true })
  }

  function toVisit(
    visit: Waiting,
    delivery: Delivery,
    { id, isPrivate }: { id: number; isPrivate: boolean },
  ): Visit {
    const { at, method, agent, ip } = visit
    const { deliveredAt } = delivery
    const machine = visit.isBurst
      ? 'many-links'
      : judge({
          method,
          agent,
          scannerMs,
          sinceDeliveryMs: deliveredAt === undefined ? undefined : at - deliveredAt,
        })
    return {
      id,
      kind: visit.kind,
      keyId: delivery.keyId,
      campaignId: delivery.campaignId,
      messageId: delivery.messageId,
      deliveryId: delivery.id,
      at,
      url: visit.url,
      position: visit.position,
      ip: isPrivate ? '' : ip,
      agent: isPrivate ? '' : agent,
      country: isPrivate ? '' : countryOf(ip),
      machine: machine ?? null,
      listId: 0,
    }
  }

  function toWaiting(kind: Waiting['kind'], id: number, { method, ip, agent }: Visitor): Waiting {
    return {
      kind,
      deliveryId: id as DeliveryId,
      at: clock.now(),
      method,
      ip: ip.slice(0, maxText),
      agent: agent
        .toWellFormed()
        .replaceAll(/\p{Cc}/gu, ' ')
        .slice(0, maxText),
      url: '',
      position: 0,
      isBurst: false,
    }
  }

  return {
    opened: (deliveryId, visitor) => add(toWaiting('open', deliveryId, visitor)),

    clicked({ deliveryId, url, position }, visitor) {
      const click = { ...toWaiting('click', deliveryId, visitor), url, position }
      const recent = (clicks.get(click.deliveryId) ?? []).filter(({ at }) => click.at - at < burstMs)
      recent.push(click)
      clicks.set(click.deliveryId, recent.slice(-20))
      // Those before it, too, as far as they are not written down yet.
      if (isBurst(recent)) for (const one of recent) one.isBurst = true
      add(click)
    },

    flush,
    stop: flush,
  }
}

async function readDeliveries(
  { db }: Storage,
  ids: readonly DeliveryId[],
): Promise<Map<DeliveryId, Delivery>> {
  const rows = await db
    .selectFrom('deliveries')
    .innerJoin('messages', 'messages.id', 'deliveries.message_id')
    .select([
      'deliveries.id',
      'deliveries.message_id as messageId',
      'deliveries.key_id as keyId',
      'deliveries.state',
      'deliveries.updated_at as updatedAt',
      'messages.campaign_id as campaignId',
    ])
    .where('deliveries.id', 'in', ids)
    .execute()
  return new Map(
    rows.map(({ state, updatedAt, ...row }) => [
      row.id,
      { ...row, deliveredAt: state === 'delivered' ? updatedAt : undefined },
    ]),
  )
}
