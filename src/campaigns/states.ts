/**
 * The life of a mailing. Pure: what leads from where to where.
 *
 *             schedule              its time comes             all handed over
 *   ┌───────┐ ────────► ┌───────────┐ ────────► ┌─────────┐ ─────────────────► ┌──────┐
 *   │ draft │           │ scheduled │           │ sending │                    │ sent │
 *   └───────┘ ◄──────── └───────────┘           └─────────┘                    └──────┘
 *       │     unschedule      │ send              ▲  │  ▲                          │
 *       │                     └───────────────────┘  │  │ resume                   │
 *       ├──────────────── send ──────────────────────┘  │                          │
 *       │                              (to sending) pause  (a person, the breaker, │
 *       │                                            ▼  │   or what is in its way) │
 *       │                                          ┌────────┐                      │
 *       │                        sending, paused:  │ paused │                      │
 *       │                              cancel      └────────┘                      │
 *       │                     ┌───────────┐ ◄──────────┘                           │
 *       │                     │ cancelled │                                        │
 *       │                     └───────────┘                                        │
 *       │   archive                 │ archive                              archive │
 *       └──────────────► ┌──────────▼┐ ◄──────────────────────────────────────────┘
 *                        │ archived  │   restore: back to where it was
 *                        └───────────┘
 *
 *   delete: from draft, sent, cancelled and archived, for good. Only a draft is edited. What is paused and was never begun,
 *   because something was in its way when its time came, can be scheduled and unscheduled as if it still waited.
 */
import type { Instant } from '../storage/schema.ts'
import type { MailingState } from '../storage/tables/mailings.ts'

export const mailingStates = [
  'draft',
  'scheduled',
  'sending',
  'paused',
  'sent',
  'cancelled',
  'archived',
  'deleted',
] as const satisfies readonly MailingState[]

export const mailingChanges = [
  'edit',
  'schedule',
  'unschedule',
  'send',
  'begin',
  'pause',
  'resume',
  'finish',
  'cancel',
  'archive',
  'restore',
  'delete',
] as const

export type MailingChange = (typeof mailingChanges)[number]

export type Standing = {
  state: MailingState
  archivedFrom: MailingState | null
  /** Null: never begun. */
  startedAt: Instant | null
}

type Step = {
  from: readonly MailingState[]
  to: MailingState | 'where-it-was'
  /** Also from `paused`, where it was never begun. */
  unbegun?: true
}

const steps = {
  edit: { from: ['draft'], to: 'draft' },
  schedule: { from: ['draft', 'scheduled'], to: 'scheduled', unbegun: true },
  unschedule: { from: ['scheduled'], to: 'draft', unbegun: true },
  send: { from: ['draft', 'scheduled'], to: 'sending' },
  begin: { from: ['scheduled'], to: 'sending' },
  pause: { from: ['sending'], to: 'paused' },
  resume: { from: ['paused'], to: 'sending' },
  finish: { from: ['sending'], to: 'sent' },
  cancel: { from: ['sending', 'paused'], to: 'cancelled' },
  archive: { from: ['draft', 'sent', 'cancelled'], to: 'archived' },
  restore: { from: ['archived'], to: 'where-it-was' },
  delete: { from: ['draft', 'sent', 'cancelled', 'archived'], to: 'deleted' },
} as const satisfies Record<MailingChange, Step>

/** Where the change leads; undefined when it is not allowed from there. */
export function afterChange(
  change: MailingChange,
  { state, archivedFrom, startedAt }: Standing,
): MailingState | undefined {
  const { from, to, unbegun }: Step = steps[change]
  const isUnbegun = state === 'paused' && startedAt === null
  if (!from.includes(state) && !(unbegun && isUnbegun)) return undefined
  return to === 'where-it-was' ? (archivedFrom ?? 'draft') : to
}

/** What may be done now. */
export function allowedChanges(at: Standing): MailingChange[] {
  return mailingChanges.filter((change) => afterChange(change, at) !== undefined)
}
