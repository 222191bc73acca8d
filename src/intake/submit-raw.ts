/** A message that comes finished, over SMTP: read, checked, and stored before it is answered. */
import { addressedLists } from '../contacts/list-addresses.ts'
import { formatAddress } from '../mail/address.ts'
import { formatDate } from '../mail/date.ts'
import { decodeEncodedWords } from '../mail/encoded-words.ts'
import { findHeaderValue, type HeaderBlock, readHeaderBlock } from '../mail/headers.ts'
import { replaceTexts } from '../mail/replace-texts.ts'
import type { Clock } from '../runtime/clock.ts'
import { Refused } from '../runtime/refused.ts'
import type { Commit, Storage } from '../storage/storage.ts'
import type { UsableTemplate } from '../templates/index.ts'
import type { TemplateShelf } from '../templates/sending.ts'
import { countContents, maxComposedBytes } from './call-size.ts'
import type { Accepted, Draft, Intake, RawSubmission } from './draft.ts'
import type { IntakeSettings } from './intake.ts'
import { gather } from './known-recipients.ts'
import { withMembersOfRaw } from './members-of-lists.ts'
import { readParts, variantsOfRaw } from './raw-variants.ts'
import { readSender, readSubmitted } from './read-submitted.ts'
import { templateHeader } from './relay-headers.ts'
import type { createErrorReports } from './report-errors.ts'
import { blockedFor, type SenderRules } from './sender-rules.ts'
import type { PlannedMessage } from './store.ts'
import type { Submission } from './submission.ts'
import { makeSubmissionUuid } from './submission-uuid.ts'
import { partsOf } from './use-template.ts'

export function createRawDoor({
  storage,
  clock,
  settings,
  templates,
  senders,
  maySendAs,
  isBulkSender,
  errorReports,
  makeMessageId,
  plan,
  commit,
  sendReports,
}: {
  storage: Storage
  clock: Clock
  settings: Pick<IntakeSettings, 'name' | 'smtpSenderCheck'>
  templates: Pick<TemplateShelf, 'find'>
  senders: SenderRules
  maySendAs: Intake['maySendAs']
  isBulkSender: Intake['maySendAs']
  errorReports: Pick<ReturnType<typeof createErrorReports>, 'aboutRaw'>
  makeMessageId(domain: string): string
  plan(submissions: readonly Submission[], submissionUuid: string): Promise<PlannedMessage[]>
  commit(planned: readonly PlannedMessage[], alongside: Commit): Promise<void>
  sendReports(reports: readonly Draft[]): Promise<void>
}): Intake['submitRaw'] {
  return async (submitted): Promise<Accepted> => {
    const now = clock.now()
    const { keyId } = submitted
    const raw = withMembersOfRaw(
      submitted,
      await addressedLists(storage.db, {
        keyId,
        addresses: submitted.recipients.map(({ address }) => address),
        host: settings.name,
      }),
    )
    const submissionUuid = makeSubmissionUuid(now)
    const block = readHeaderBlock(raw.raw)
    const stored = await storedTemplateOf(raw, block)
    const message = readSubmitted(raw.raw, {
      received: receivedHeader(submitted, submissionUuid, now),
      now,
      makeMessageId,
      block,
      defaults: stored?.defaults,
      withoutSender: await hasForeignSender(raw, block),
    })
    if (stored !== undefined) message.content = replaceTexts(message.content, partsOf(stored))
    const problem = await senders.problem(keyId, [message.from])
    if (problem !== undefined && settings.smtpSenderCheck === 'refuse') {
      throw new Refused('sender-not-allowed', problem)
    }
    const parts = readParts(message, { stored, now })
    const addresses = raw.recipients.map(({ address }) => address)
    const { submissions, faults } = variantsOfRaw(raw, message, {
      parts,
      stored,
      known: await gather(storage.db, {
        ...{ keyId, addresses, texts: parts.texts, now },
        language: message.features.template.language,
      }),
      senderId: await senders.askedId(keyId, { from: message.from, texts: parts.texts }),
      makeMessageId,
      isBulkSender: await isBulkSender(keyId, message.from.address),
      size: countContents(maxComposedBytes),
    })
    const planned = await plan(blockedFor(problem, submissions), submissionUuid)
    await commit(planned, { writes: [] })
    if (faults.length > 0) await sendReports(errorReports.aboutRaw(raw, message, { faults, stored }))
    return { submissionUuid, recipients: planned.flatMap((one) => one.recipients) }
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
}
