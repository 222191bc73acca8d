/**
 * Somebody wants no more mail of a list, or no more mass mail of a key at all, or wants it again. Told to whoever asks,
 * and done at once.
 */
import { findMembership, leaveList, rejoinList } from '../contacts/leave-list.ts'
import type { SuppressionCheck } from '../contacts/suppression-check.ts'
import { findSuppression, suppress } from '../contacts/suppressions.ts'
import { normaliseAddress, parseAddress } from '../mail/address.ts'
import type { ContactListId, DeliveryId, KeyId } from '../mail/ids.ts'
import type { Clock } from '../runtime/clock.ts'
import { defineDelete, type Storage, type Write } from '../storage/storage.ts'
import type { TrackingDefaults } from './defaults.ts'
import type { LinkTokens, UnsubscribeLink } from './tokens.ts'
import { recordVisit } from './visits.ts'

export type Unsubscribing = ReturnType<typeof createUnsubscribing>

export type Standing =
  /** `hasList`: of the list that the mail went to, which can be left by itself. */
  | { kind: 'subscribed'; hasList: boolean }
  /** Has left the list of the mail. */
  | { kind: 'left-list' }
  /** Gets no mass mail of the key. */
  | { kind: 'left-all' }
  /** The address is held back for another reason, which nobody takes away here. */
  | { kind: 'held-back' }

/** What is left: `list`, where the mail went to one and the person is in it, and everything otherwise. */
export type Leaving = 'list' | 'everything'

type Source = { ip: string; agent: string; how: string }

const takeBack = defineDelete('suppressions', ['key_id', 'address', 'reason'])

export function createUnsubscribing({
  storage,
  clock,
  tokens,
  rules,
  countryOf,
  suppressions,
  mailDomain,
}: {
  storage: Storage
  clock: Clock
  tokens: LinkTokens
  rules: Pick<TrackingDefaults, 'of'>
  countryOf(ip: string): string
  suppressions: Pick<SuppressionCheck, 'forget'>
  mailDomain: string
}) {
  async function lookUp({ keyId, listId, address }: UnsubscribeLink) {
    const key = keyId as KeyId
    const suppression = await findSuppression(storage, { keyId: key, address })
    const membership =
      listId === 0
        ? undefined
        : await findMembership(storage.db, { keyId: key, listId: listId as ContactListId, address })
    return { suppression, membership }
  }

  async function standing(link: UnsubscribeLink): Promise<Standing> {
    const { suppression, membership } = await lookUp(link)
    if (suppression !== undefined) {
      return { kind: suppression.reason === 'unsubscribe' ? 'left-all' : 'held-back' }
    }
    if (membership === undefined) return { kind: 'subscribed', hasList: false }
    return membership.isUnsubscribed ? { kind: 'left-list' } : { kind: 'subscribed', hasList: true }
  }

  /** Once is enough: whoever asks again has nothing more to wait for. */
  async function unsubscribe(
    link: UnsubscribeLink,
    { leaving, ...source }: Source & { leaving: Leaving },
  ): Promise<void> {
    const { suppression, membership } = await lookUp(link)
    if (suppression !== undefined && suppression.optedOutAt !== null) return
    const now = clock.now()
    const delivery = await deliveryOf(link)
    if (leaving === 'list' && membership !== undefined) {
      if (membership.isUnsubscribed) return
      const writes = await visitWrites(link, { ...source, delivery, now })
      await storage.commit({ guards: [leaveList(membership, now)], writes })
      return
    }
    const entry = {
      keyId: link.keyId as KeyId,
      address: link.address,
      reason: 'unsubscribe',
      origin: source.how,
      at: now,
      ...(delivery !== undefined && { messageId: delivery.messageId, deliveryId: delivery.id }),
    } as const
    // Of everything, whatever list the mail went to.
    const visit = await visitWrites({ ...link, listId: 0 }, { ...source, delivery, now })
    await storage.commit({ writes: [...suppress(entry), ...visit] })
    forget(link)
  }

  async function visitWrites(
    link: UnsubscribeLink,
    { ip, agent, delivery, now }: Source & { delivery: Awaited<ReturnType<typeof deliveryOf>>; now: number },
  ): Promise<Write[]> {
    if (delivery === undefined) return []
    const keyId = link.keyId as KeyId
    const { isPrivate } = await rules.of(keyId)
    return recordVisit({
      id: await storage.reserveIds(1),
      kind: 'unsubscribe',
      keyId,
      campaignId: delivery.campaignId,
      messageId: delivery.messageId,
      deliveryId: delivery.id,
      at: now,
      url: '',
      position: 0,
      ip: isPrivate ? '' : ip.slice(0, 100),
      agent: isPrivate ? '' : agent.slice(0, 300),
      country: isPrivate ? '' : countryOf(ip),
      machine: null,
      listId: link.listId,
    })
  }

  /** Undefined when its message is forgotten. */
  async function deliveryOf({ deliveryId, keyId }: UnsubscribeLink) {
    return storage.db
      .selectFrom('deliveries')
      .innerJoin('messages', 'messages.id', 'deliveries.message_id')
      .select(['deliveries.id', 'messages.id as messageId', 'messages.campaign_id as campaignId'])
      .where('deliveries.id', '=', deliveryId as DeliveryId)
      .where('deliveries.key_id', '=', keyId as KeyId)
      .executeTakeFirst()
  }

  /** Takes back what the page says now. False when there was nothing that this person had asked for. */
  async function resubscribe(link: UnsubscribeLink): Promise<boolean> {
    const { suppression, membership } = await lookUp(link)
    const guard =
      suppression !== undefined
        ? takeBack({
            key_id: link.keyId as KeyId,
            address: normalised(link.address),
            reason: 'unsubscribe',
          })
        : membership?.isUnsubscribed
          ? rejoinList(membership, clock.now())
          : undefined
    if (guard === undefined) return false
    const result = await storage.commit({ guards: [guard], writes: [] })
    forget(link)
    return result === 'applied'
  }

  function forget({ keyId, address }: UnsubscribeLink): void {
    suppressions.forget(keyId as KeyId, normalised(address))
  }

  return {
    standing,
    unsubscribe,
    resubscribe,

    /** Is it one of the addresses that unsubscribe whoever writes to it? */
    isMailto: ({ local, domain }: { local: string; domain: string }) =>
      domain === mailDomain && tokens.readMailto(local) !== undefined,

    /** By mail. False when the address is none of ours, or its message is forgotten. */
    async byMail({ local, domain }: { local: string; domain: string }): Promise<boolean> {
      const named = domain === mailDomain ? tokens.readMailto(local) : undefined
      if (named === undefined) return false
      const row = await storage.db
        .selectFrom('deliveries')
        .innerJoin('messages', 'messages.id', 'deliveries.message_id')
        .select(['deliveries.key_id as keyId', 'deliveries.recipient', 'messages.campaign_id as campaignId'])
        .where('deliveries.id', '=', named.deliveryId as DeliveryId)
        .executeTakeFirst()
      if (row === undefined) return false
      const link = { ...named, keyId: row.keyId, campaignId: row.campaignId ?? 0, address: row.recipient }
      const source = { ip: '', agent: 'List-Unsubscribe', how: 'unsubscribed by mail' }
      await unsubscribe(link, { ...source, leaving: 'list' })
      return true
    },
  }
}

function normalised(text: string): string {
  const address = parseAddress(text)
  return address === undefined ? text : normaliseAddress(address)
}
