/**
 * What one event adds to the counts. Pure: what is known of the delivery goes in, and comes out changed. A message is
 * in one place at a time (sent, deferred, bounced …), so that the numbers add up whatever happens to it later.
 */
import { classRules, type ReplyClass } from '../mail/reply-classes.ts'
import type { EventKind } from '../storage/schema.ts'
import type { CountedAs } from '../storage/tables/statistics.ts'
import type { Delta } from './metrics.ts'

export type Mark = {
  countedAs: CountedAs
  openedAt: number | null
  clickedAt: number | null
  unsubscribedAt: number | null
  complainedAt: number | null
  opens: number
  clicks: number
}

export const noMark: Readonly<Mark> = {
  countedAs: '',
  openedAt: null,
  clickedAt: null,
  unsubscribedAt: null,
  complainedAt: null,
  opens: 0,
  clicks: 0,
}

export type CountedEvent = {
  kind: EventKind
  at: number
  class: string | null
  /** Of the message. */
  acceptedAt: number
  /** Of whom it tells. */
  recipients: number
}

export type Counted = {
  /** Counted at the time of the message: what was counted before may go down. */
  message: Delta
  /** Counted when it happened: never goes down. */
  event: Delta
  /** Undefined: nothing to remember. */
  mark: Mark | undefined
}

export function countEvent(event: CountedEvent, mark: Mark): Counted {
  switch (event.kind) {
    case 'accepted':
      return same({ processed: event.recipients }, undefined)
    case 'delivered':
      return move(mark, 'sent')
    case 'deferred':
      // What was sent cannot be put off any more.
      return mark.countedAs === 'sent' ? nothing : move(mark, 'deferred')
    case 'bounced':
      return move(mark, isHard(event.class) ? 'hard_bounced' : 'soft_bounced')
    case 'expired':
      return move(mark, 'soft_bounced')
    case 'blocked':
    case 'dropped':
      return move(mark, 'blocked')
    case 'complained': {
      const isFirst = mark.complainedAt === null
      return same(
        { complaints: 1, ...(isFirst && { complained: 1 }) },
        isFirst ? { ...mark, complainedAt: event.at } : undefined,
      )
    }
    case 'unsubscribed': {
      const isFirst = mark.unsubscribedAt === null
      return same(
        { unsubscriptions: 1, ...(isFirst && { unsubscribed: 1 }) },
        isFirst ? { ...mark, unsubscribedAt: event.at } : undefined,
      )
    }
    case 'opened': {
      if (event.class !== null) return same({ machine_opens: 1 }, undefined)
      const isFirst = mark.openedAt === null
      return same(
        { opens: 1, ...(isFirst && { opened: 1, open_delay: secondsSince(event.acceptedAt, event.at) }) },
        { ...mark, openedAt: mark.openedAt ?? event.at, opens: mark.opens + 1 },
      )
    }
    case 'clicked': {
      if (event.class !== null) return same({ machine_clicks: 1 }, undefined)
      const isFirst = mark.clickedAt === null
      const since = mark.openedAt ?? event.acceptedAt
      return same(
        { clicks: 1, ...(isFirst && { clicked: 1, click_delay: secondsSince(since, event.at) }) },
        { ...mark, clickedAt: mark.clickedAt ?? event.at, clicks: mark.clicks + 1 },
      )
    }
    case 'held':
    case 'released':
    case 'retried':
    case 'delay-reported':
    case 'delivery-reported':
      return nothing
  }
}

const nothing: Counted = { message: {}, event: {}, mark: undefined }

function same(delta: Delta, mark: Mark | undefined): Counted {
  return { message: delta, event: delta, mark }
}

function move(mark: Mark, to: Exclude<CountedAs, ''>): Counted {
  const { countedAs: from } = mark
  if (from === to) return nothing
  return {
    message: { [to]: 1, ...(from !== '' && { [from]: -1 }) },
    event: { [to]: 1 },
    mark: { ...mark, countedAs: to },
  }
}

/** Most mail is sent at once and stays so: nothing is remembered of that. */
export function isWorthKeeping(mark: Mark): boolean {
  return (
    mark.countedAs !== 'sent' ||
    mark.opens + mark.clicks > 0 ||
    mark.complainedAt !== null ||
    mark.unsubscribedAt !== null
  )
}

function isHard(eventClass: string | null): boolean {
  return (
    eventClass !== null &&
    Object.hasOwn(classRules, eventClass) &&
    classRules[eventClass as ReplyClass].kind === 'hard'
  )
}

function secondsSince(from: number, to: number): number {
  return Math.max(0, Math.round((to - from) / 1000))
}
