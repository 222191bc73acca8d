/**
 * The one door. Whatever the entrance (Send API, SMTP, CLI), a message is checked here, gets its ids, is stored with
 * its deliveries, work and events in one commit, and only then is answered and handed to delivery.
 */
import { randomBytes } from 'node:crypto'
import { addressedLists } from '../contacts/list-addresses.ts'
import { createMet } from '../contacts/met.ts'
import type { SuppressionCheck } from '../contacts/suppression-check.ts'
import type { KeyId } from '../mail/ids.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Log } from '../runtime/log.ts'
import { Refused } from '../runtime/refused.ts'
import type { Lane } from '../storage/schema.ts'
import type { Storage } from '../storage/storage.ts'
import { createTemplateShelf } from '../templates/sending.ts'
import { countContents, maxComposedBytes } from './call-size.ts'
import { createCampaignNames } from './campaign-names.ts'
import { createCommit } from './commit-planned.ts'
import type { Accepted, Draft, Intake, Prepared } from './draft.ts'
import type { HandOver } from './hand-over.ts'
import { individually, type TrackingDefaults } from './individual.ts'
import { gatherForDrafts } from './known-recipients.ts'
import { createLateRecipients } from './late-recipients.ts'
import { answeredFor, namedIn, withMembers } from './members-of-lists.ts'
import { createErrorReports } from './report-errors.ts'
import { blockedFor, createSenderRules } from './sender-rules.ts'
import type { PlannedMessage } from './store.ts'
import { idsNeeded, planMessage } from './store.ts'
import type { Submission } from './submission.ts'
import { makeSubmissionUuid } from './submission-uuid.ts'
import { createRawDoor } from './submit-raw.ts'
import { emptyTemplate } from './use-template.ts'
import { textsOf, variantsOfDraft } from './variants.ts'

export type IntakeSettings = {
  /** Public host name, for Received and for Message-IDs of our own. */
  name: string
  /** The key that the instance's own mail belongs to. */
  systemKeyId: KeyId
  /** What happens to SMTP mail from an address the key may not use: refused in the dialogue, or accepted and blocked. */
  smtpSenderCheck: 'refuse' | 'block'
  maxMessageBytes: number
  /** How long delivery is tried, per lane. */
  lifetimeMs: Record<Lane, number>
}

export type IntakeMetrics = {
  accepted(lane: Lane, recipients: number): void
  blocked(reason: string, recipients: number): void
}

/** `Prepared` as the other modules see it is opaque; this is what is behind it. */
type PreparedMessages = { accepted: Accepted; planned: PlannedMessage[]; reports: Draft[] }

export function createIntake({
  storage,
  clock,
  log,
  handOver,
  maySendAs,
  isBulkSender = async () => false,
  trackingDefaults,
  suppressions,
  settings,
  metrics,
}: {
  storage: Storage
  clock: Clock
  log: Log
  handOver: HandOver
  maySendAs: Intake['maySendAs']
  /** Does everything from this address count as mass mail? */
  isBulkSender?: Intake['maySendAs']
  /** Whether a key's mail is tracked where it does not say so itself; without it, it is not. */
  trackingDefaults?: TrackingDefaults
  /** Which recipients are not sent to; without it, all are. */
  suppressions?: Pick<SuppressionCheck, 'among'>
  settings: IntakeSettings
  metrics: IntakeMetrics
}): Intake {
  const campaigns = createCampaignNames(storage)
  const errorReports = createErrorReports({ clock, name: settings.name, systemKeyId: settings.systemKeyId })
  const templates = createTemplateShelf(storage.db)
  const senders = createSenderRules({ db: storage.db, maySendAs })
  const prepared = new WeakMap<object, PreparedMessages>()

  function makeMessageId(domain: string): string {
    return `<${clock.now().toString(36)}.${randomBytes(9).toString('base64url')}@${domain}>`
  }

  async function plan(submissions: readonly Submission[], submissionUuid: string): Promise<PlannedMessage[]> {
    let firstId = await storage.reserveIds(
      submissions.reduce((sum, submission) => sum + idsNeeded(submission), 0),
    )
    const planned: PlannedMessage[] = []
    for (const submission of submissions) {
      if (submission.content.length > settings.maxMessageBytes) {
        throw new Refused(
          'too-large',
          `the message has ${submission.content.length} bytes; at most ${settings.maxMessageBytes} are accepted`,
        )
      }
      const { campaign, keyId } = submission
      const ids =
        campaign === undefined
          ? { firstId, submissionUuid }
          : { firstId, submissionUuid, campaignId: await campaigns.idOf(keyId, campaign.name, clock.now()) }
      const own = individually(submission, {
        ...(await trackingDefaults?.(keyId)),
        campaignId: 'campaignId' in ids ? ids.campaignId : undefined,
      })
      planned.push(planMessage(own, ids))
      firstId += idsNeeded(submission)
    }
    return planned
  }

  const met = createMet(storage)
  const commit = createCommit({ storage, clock, handOver, campaigns, suppressions, met, settings, metrics })

  /** Reports about faulty templates go out beside the message and must never stop it. */
  async function sendReports(reports: readonly Draft[]): Promise<void> {
    for (const report of reports) {
      try {
        await intake.store([await intake.prepare(report)])
      } catch (error) {
        log.warn({ err: error, keyId: report.keyId }, 'template error report could not be sent')
      }
    }
  }

  const lateRecipients = createLateRecipients({
    ...{ storage, clock, handOver, suppressions, makeMessageId, metrics },
    lifetimeMs: settings.lifetimeMs,
  })

  const intake: Intake = {
    ...lateRecipients,

    maySendAs,

    templates,

    gather: (drafts) => gatherForDrafts(storage.db, drafts, clock.now()),

    async templateProblem(draft, { known }) {
      const { stored, deliverOnError } = draft.template
      if (stored === undefined) return undefined
      const lack = emptyTemplate(stored)
      if (lack !== undefined || deliverOnError) return lack
      const { faults } = variantsOfDraft(draft, {
        now: clock.now(),
        makeMessageId,
        isBulkSender: false,
        known,
        lists: undefined,
        senderId: undefined,
        size: countContents(maxComposedBytes),
      })
      return faults[0]?.problem
    },

    async prepare(draft, { known, maxBytes = maxComposedBytes } = {}): Promise<Prepared> {
      if (draft.to.length + draft.cc.length + draft.bcc.length === 0) {
        throw new Refused('no-recipients', 'the message has no recipient; give at least one in To, Cc or Bcc')
      }
      const { keyId, from, sender } = draft
      const authors = sender === undefined ? [from] : [from, sender]
      const problem =
        draft.door === 'system' ? undefined : (draft.senderRefusal ?? (await senders.problem(keyId, authors)))
      const size = countContents(maxBytes)
      const named = namedIn(draft)
      const lists = await addressedLists(storage.db, { ...draft, addresses: named, host: settings.name })
      const { submissions, recipientsOf, faults } = variantsOfDraft(draft, {
        now: clock.now(),
        makeMessageId,
        isBulkSender: await isBulkSender(keyId, from.address),
        known:
          lists === undefined && known !== undefined
            ? known
            : await intake.gather([withMembers(draft, lists)]),
        lists,
        senderId: await senders.askedId(keyId, { from, texts: [textsOf(draft)] }),
        size,
      })
      const submissionUuid = makeSubmissionUuid(clock.now())
      const planned = await plan(blockedFor(problem, submissions), submissionUuid)
      const accepted: Accepted = { submissionUuid, recipients: answeredFor(named, { planned, recipientsOf }) }
      const reports = errorReports.about(draft, faults)
      const result = Object.freeze({ accepted, sizeBytes: size.bytes }) as Prepared
      prepared.set(result, { accepted, planned, reports })
      return result
    },

    async store(messages, alongside = []) {
      const opened = messages.map((message) => {
        const found = prepared.get(message)
        if (found === undefined) throw new Error('store() takes only what prepare() returned, once')
        prepared.delete(message)
        return found
      })
      await commit(
        opened.flatMap((message) => message.planned),
        { writes: alongside },
      )
      await sendReports(opened.flatMap((message) => message.reports))
    },

    async storeReport({ from, to, subject, messageId, content }, together) {
      const submission: Submission = {
        keyId: settings.systemKeyId,
        door: 'system',
        lane: 'transactional',
        priority: 2,
        envelopeFrom: '',
        from,
        subject,
        messageId,
        recipients: [{ address: to, kind: 'envelope' }],
        content,
        options: { trackOpens: 'disabled', trackClicks: 'disabled', nullSender: true },
      }
      await commit(await plan([submission], makeSubmissionUuid(clock.now())), together)
    },

    submitRaw: createRawDoor({
      ...{ storage, clock, settings, templates, senders, maySendAs, isBulkSender, errorReports },
      ...{ makeMessageId, plan, commit, sendReports },
    }),
  }

  return intake
}
