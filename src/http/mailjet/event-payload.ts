/** What is posted for an event, field by field as Mailjet does (reference/events-parse.md A3-A5). */
import { randomUUID } from 'node:crypto'
import { complaintSource } from '../../mail/complaint.ts'
import type { DeliveryId, KeyId } from '../../mail/ids.ts'
import type { ToldEvent } from '../../webhooks/read-events.ts'
import type { EventTopic } from '../../webhooks/topics.ts'
import { eventName } from './event-names.ts'
import { isHardBounce, reasonOf } from './reasons.ts'

/** Ids are below 2^53, so that JSON holds them exactly (mail/ids.ts). */
export function formatEvent(event: ToldEvent): object {
  return {
    event: eventName(event.topic),
    time: Math.floor(event.at / 1000),
    MessageID: event.deliveryId,
    Message_GUID: event.uuid,
    email: event.recipient,
    mj_campaign_id: event.campaignId,
    mj_contact_id: event.contactId,
    customcampaign: event.campaign,
    CustomID: event.customId,
    Payload: event.payload,
    ...detailsOf(event),
  }
}

function detailsOf(event: ToldEvent): object {
  const { url, ip, agent, country, listId } = event.visit
  switch (event.topic) {
    case 'delivered':
      return { mj_message_id: String(event.deliveryId), smtp_reply: `sent (${event.detail})` }
    case 'opened':
      return { ip, geo: country, agent }
    case 'clicked':
      return { url, ip, geo: country, agent }
    case 'bounced':
      return {
        blocked: event.isSuppressed,
        hard_bounce: isHardBounce(event.class),
        ...reasonFields(event),
        comment: event.detail,
      }
    case 'blocked':
      return reasonFields(event)
    case 'complained':
      return { source: complaintSource(event.detail) }
    case 'unsubscribed':
      return { mj_list_id: listId, ip, geo: country, agent }
  }
}

function reasonFields(event: ToldEvent): object {
  const reason = reasonOf(event.class ?? 'unknown')
  return { error_related_to: reason?.relatedTo ?? '', error: reason?.state ?? '' }
}

/** An event that did not happen, for trying a receiver. */
export function sampleEvent(topic: EventTopic, at: number): object {
  const isVisit = topic === 'opened' || topic === 'clicked' || topic === 'unsubscribed'
  return formatEvent({
    id: 0,
    topic,
    keyId: 0 as KeyId,
    at,
    deliveryId: 1 as DeliveryId,
    uuid: randomUUID(),
    recipient: 'passenger@inbox.test',
    contactId: 1,
    campaignId: 0,
    campaign: '',
    customId: 'test',
    payload: '',
    class: topic === 'bounced' ? 'invalid-recipient' : topic === 'blocked' ? 'suppressed' : null,
    detail: sampleDetails[topic],
    isSuppressed: topic === 'bounced',
    visit: {
      url: topic === 'clicked' ? 'https://shop.example/' : '',
      ip: isVisit ? '192.0.2.1' : '',
      agent: isVisit ? 'Mozilla/5.0' : '',
      country: '',
      listId: 0,
    },
  })
}

const sampleDetails: Record<EventTopic, string> = {
  delivered: '250 2.0.0 Ok: this is a test',
  opened: '',
  clicked: '',
  bounced: '550 5.1.1 No such user (this is a test)',
  blocked: '',
  complained: 'abuse by test',
  unsubscribed: '',
}
