/**
 * The one door. Whatever the entrance (Send API, SMTP, CLI), a message is checked here, gets its ids, is stored with
 * its deliveries, work and events in one commit, and only then is answered and handed to delivery.
 */
import { randomBytes } from 'node:crypto'
import { addressedLists } from '../contacts/list-addresses.ts'
import { createMet } from '../contacts/met.ts'
import type { SuppressionCheck } from '../contacts/suppression-check.ts'
import { formatAddress } from '../mail/address.ts'
import { formatDate } from '../mail/date.ts'
import { decodeEncodedWords } from '../mail/encoded-words.ts'
import { findHeaderValue, type HeaderBlock, readHeaderBlock } from '../mail/headers.ts'
import type { KeyId } from '../mail/ids.ts'
import type { Mailbox } from '../mail/mailbox.ts'
import { replaceTexts } from '../mail/replace-texts.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Log } from '../runtime/log.ts'
import { Refused } from '../runtime/refused.ts'
import type { Lane } from '../storage/schema.ts'
import type { Storage } from '../storage/storage.ts'
import type { UsableTemplate } from '../templates/index.ts'
import { createTemplateShelf } from '../templates/sending.ts'
import { countContents, maxComposedBytes } from './call-size.ts'
import { createCampaignNames } from './campaign-names.ts'
import { createCommit } from './commit-planned.ts'
import type { Accepted, Draft, Intake, Prepared, RawSubmission } from './draft.ts'
import type { HandOver } from './hand-over.ts'
import { individually, type TrackingDefaults } from './individual.ts'
import { gather, gatherForDrafts } from './known-recipients.ts'
import { createLateRecipients } from './late-recipients.ts'
import { namedIn, withMembers, withMembersOfRaw } from './members-of-lists.ts'
import type { Texts } from './personalise.ts'
import { readParts, variantsOfRaw } from './raw-variants.ts'
import type { SubmittedMessage } from './read-submitted.ts'
import { readSender, readSubmitted } from './read-submitted.ts'
import { templateHeader } from './relay-headers.ts'
import { createErrorReports } from './report-errors.ts'
import { askedSenderId } from './sender-id.ts'
import type { PlannedMessage } from './store.ts'
import { idsNeeded, planMessage } from './store.ts'
import type { AcceptedRecipient, Submission } from './submission.ts'
import { makeSubmissionUuid } from './submission-uuid.ts'
import { emptyTemplate, partsOf } from './use-template.ts'
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
  const prepared = new WeakMap<object, PreparedMessages>()

  function makeMessageId(domain: string): string {
    return `<${clock.now().toString(36)}.${randomBytes(9).toString('base64url')}@${domain}>`
  }

  /** Why this From may not be used, in words for the person who has to mend it; undefined when it may. */
  function senderIdFor(
    keyId: KeyId,
    { from, texts }: { from: Mailbox; texts: readonly Texts[] },
  ): Promise<number | undefined> {
    const sources = texts.flatMap(({ subject, text, html }) => [subject, text, html])
    return askedSenderId(storage.db, { keyId, from: from.address, texts: sources })
  }

  async function senderProblem(keyId: KeyId, from: Mailbox, sender?: Mailbox): Promise<string | undefined> {
    for (const mailbox of sender === undefined ? [from] : [from, sender]) {
      if (!(await maySendAs(keyId, mailbox.address))) {
        const { domain } = mailbox.address
        return `${formatAddress(mailbox.address)} is not a validated sender of this API key; add and validate the address or its domain (paravion domain add ${domain}) and send again`
      }
    }
    return undefined
  }

  function blockedSender(problem: string) {
    return { class: 'sender-not-allowed', detail: problem }
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
      const problem =
        draft.door === 'system'
          ? undefined
          : (draft.senderRefusal ?? (await senderProblem(draft.keyId, draft.from, draft.sender)))
      const size = countContents(maxBytes)
      const named = namedIn(draft)
      const lists = await addressedLists(storage.db, { ...draft, addresses: named, host: settings.name })
      const { submissions, recipientsOf, faults } = variantsOfDraft(draft, {
        now: clock.now(),
        makeMessageId,
        isBulkSender: await isBulkSender(draft.keyId, draft.from.address),
        known:
          lists === undefined && known !== undefined
            ? known
            : await intake.gather([withMembers(draft, lists)]),
        lists,
        senderId: await senderIdFor(draft.keyId, { from: draft.from, texts: [textsOf(draft)] }),
        size,
      })
      const checked =
        problem === undefined
          ? submissions
          : submissions.map((one) => ({ ...one, blocked: blockedSender(problem) }))
      const submissionUuid = makeSubmissionUuid(clock.now())
      const planned = await plan(checked, submissionUuid)
      const recipients: AcceptedRecipient[] = []
      planned.forEach((message, index) => {
        message.recipients.forEach((recipient, place) => {
          const original = recipientsOf[index]?.[place]
          if (original === undefined) return
          // Who is on a list is told to nobody who writes to it: it is answered for as a whole.
          const address = named[original] ?? recipient.address
          recipients[original] ??= { ...recipient, address }
        })
      })
      const accepted: Accepted = { submissionUuid, recipients }
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

    async submitRaw(submitted: RawSubmission): Promise<Accepted> {
      const now = clock.now()
      const raw = withMembersOfRaw(
        submitted,
        await addressedLists(storage.db, {
          keyId: submitted.keyId,
          addresses: submitted.recipients.map(({ address }) => address),
          host: settings.name,
        }),
      )
      const submissionUuid = makeSubmissionUuid(now)
      const block = readHeaderBlock(raw.raw)
      const stored = await storedTemplateOf(raw, block)
      const message = readSubmitted(raw.raw, {
        received: receivedHeader(raw, submissionUuid, now),
        now,
        makeMessageId,
        block,
        defaults: stored?.defaults,
        withoutSender: await hasForeignSender(raw, block),
      })
      if (stored !== undefined) message.content = replaceTexts(message.content, partsOf(stored))
      const problem = await senderProblem(raw.keyId, message.from)
      if (problem !== undefined && settings.smtpSenderCheck === 'refuse') {
        throw new Refused('sender-not-allowed', problem)
      }
      const parts = readParts(message, { stored, now })
      const addresses = raw.recipients.map(({ address }) => address)
      const { submissions, faults } = variantsOfRaw(raw, message, {
        parts,
        stored,
        known: await gather(storage.db, {
          ...{ keyId: raw.keyId, addresses, texts: parts.texts, now },
          language: message.features.template.language,
        }),
        senderId: await senderIdFor(raw.keyId, { from: message.from, texts: parts.texts }),
        makeMessageId,
        isBulkSender: await isBulkSender(raw.keyId, message.from.address),
        size: countContents(maxComposedBytes),
      })
      const checked =
        problem === undefined
          ? submissions
          : submissions.map((one) => ({ ...one, blocked: blockedSender(problem) }))
      const planned = await plan(checked, submissionUuid)
      await commit(planned, { writes: [] })
      if (faults.length > 0) await sendReports(errorReports.aboutRaw(raw, message, { faults, stored }))
      return { submissionUuid, recipients: planned.flatMap((one) => one.recipients) }
    },
  }

  /**
   * The From header decides who may send (reference/smtp-relay.md §7). But mail programs show Sender before it, and
   * nobody is to be shown as the author who did not say so.
   */
  async function hasForeignSender({ raw, keyId }: RawSubmission, block: HeaderBlock): Promise<boolean> {
    const sender = readSender(findHeaderValue(raw, block, 'sender'))
    return sender !== undefined && !(await maySendAs(keyId, sender.address))
  }

  /** The template that a message asks for in its header; undefined when it asks for none, or has no such one. */
  async function storedTemplateOf(
    { raw, keyId }: RawSubmission,
    block: HeaderBlock,
  ): Promise<UsableTemplate | undefined> {
    const text = findHeaderValue(raw, block, templateHeader)?.trim()
    if (!text) return undefined
    const name = decodeEncodedWords(text)
    const byName = { name }
    // A name may look like a number; the number of a template goes before it.
    const references = /^\d{1,15}$/.test(name) ? [{ id: Number(name) }, byName] : [byName]
    const found = await templates.find(keyId, references)
    return references.map((one) => found.get(one)).find((one) => one !== undefined)
  }

  /** RFC 5321 §4.4, without the client's address: where a tenant sits is nobody's business but theirs. */
  function receivedHeader(
    { client, recipients }: RawSubmission,
    submissionUuid: string,
    now: number,
  ): string {
    const protocol = `ESMTP${client.tls ? 'S' : ''}${client.authenticated ? 'A' : ''}`
    const only = recipients.length === 1 ? recipients[0] : undefined
    const forWhom = only === undefined ? '' : `\r\n\tfor <${formatAddress(only.address)}>`
    return `Received: by ${settings.name} with ${protocol} id ${submissionUuid}${forWhom};\r\n\t${formatDate(now)}\r\n`
  }

  return intake
}

export type { SubmittedMessage }
