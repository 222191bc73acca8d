/** Somebody wants no more mass mail of a key, or wants it again. Told to whoever asks, and done at once. */
import type { SuppressionCheck } from '../contacts/suppression-check.ts'
import { findSuppression, suppress } from '../contacts/suppressions.ts'
import { normaliseAddress, parseAddress } from '../mail/address.ts'
import type { DeliveryId, KeyId } from '../mail/ids.ts'
import type { Clock } from '../runtime/clock.ts'
import { defineDelete, type Storage } from '../storage/storage.ts'
import type { TrackingDefaults } from './defaults.ts'
import type { LinkTokens, UnsubscribeLink } from './tokens.ts'
import { recordVisit } from './visits.ts'

export type Unsubscribing = ReturnType<typeof createUnsubscribing>

/** `other`: the address is held back for another reason, which nobody takes away here. */
export type Standing = 'subscribed' | 'unsubscribed' | 'other'

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
  async function standing({ keyId, address }: UnsubscribeLink): Promise<Standing> {
    const found = await findSuppression(storage, { keyId: keyId as KeyId, address })
    if (found === undefined) return 'subscribed'
    return found.reason === 'unsubscribe' ? 'unsubscribed' : 'other'
  }

  /** Once is enough: whoever asks again has nothing more to wait for. */
  async function unsubscribe(
    link: UnsubscribeLink,
    { ip, agent, how }: { ip: string; agent: string; how: string },
  ): Promise<void> {
    const keyId = link.keyId as KeyId
    if ((await standing(link)) === 'unsubscribed') return
    const now = clock.now()
    const delivery = await storage.db
      .selectFrom('deliveries')
      .innerJoin('messages', 'messages.id', 'deliveries.message_id')
      .select(['deliveries.id', 'messages.id as messageId', 'messages.campaign_id as campaignId'])
      .where('deliveries.id', '=', link.deliveryId as DeliveryId)
      .where('deliveries.key_id', '=', keyId)
      .executeTakeFirst()
    const { isPrivate } = await rules.of(keyId)
    const visit =
      delivery === undefined
        ? []
        : recordVisit({
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
    const entry = {
      keyId,
      address: link.address,
      reason: 'unsubscribe',
      origin: how,
      at: now,
      ...(delivery !== undefined && { messageId: delivery.messageId, deliveryId: delivery.id }),
    } as const
    await storage.commit({ writes: [...suppress(entry), ...visit] })
    forget(link)
  }

  /** False when there was nothing that this person had asked for. */
  async function resubscribe(link: UnsubscribeLink): Promise<boolean> {
    const guard = takeBack({
      key_id: link.keyId as KeyId,
      address: normalised(link.address),
      reason: 'unsubscribe',
    })
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
      const agent = 'List-Unsubscribe'
      await unsubscribe(link, { ip: '', agent, how: 'unsubscribed by mail' })
      return true
    },
  }
}

function normalised(text: string): string {
  const address = parseAddress(text)
  return address === undefined ? text : normaliseAddress(address)
}
