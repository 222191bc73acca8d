/** Mail to the address a client named for template errors (reference/template-language.md §5): what failed, and the source. */

import { formatAddress } from '../mail/address.ts'
import type { KeyId } from '../mail/ids.ts'
import type { Mailbox } from '../mail/mailbox.ts'
import type { Clock } from '../runtime/clock.ts'
import { createRecent } from '../runtime/recent.ts'
import type { UsableTemplate } from '../templates/index.ts'
import type { Draft, RawSubmission } from './draft.ts'
import type { SubmittedMessage } from './read-submitted.ts'
import type { TemplateFault } from './variants.ts'

/** A broken template in a loop must not fill the mailbox of the person who will mend it. */
const oneReportPerMs = 60_000

/** Reports are the instance's own mail: they belong to `systemKeyId`, which may send for the instance's name. */
export function createErrorReports({
  clock,
  name,
  systemKeyId,
}: {
  clock: Clock
  name: string
  systemKeyId: KeyId
}) {
  const sentAt = createRecent<string, number>({ max: 10_000 })

  function report({
    keyId,
    to,
    subject,
    fault: { problem, source },
    stored,
  }: {
    keyId: KeyId
    to: Mailbox
    subject: string
    fault: TemplateFault
    stored: UsableTemplate | undefined
  }): Draft[] {
    const place = `${keyId} ${formatAddress(to.address)}`
    const now = clock.now()
    if (now - (sentAt.get(place) ?? -Infinity) < oneReportPerMs) return []
    sentAt.set(place, now)
    return [
      {
        keyId: systemKeyId,
        door: 'system',
        lane: 'transactional',
        priority: 2,
        from: { name: 'Template errors', address: { local: 'templating-language-error', domain: name } },
        replyTo: [],
        to: [to],
        cc: [],
        bcc: [],
        subject: `Error while evaluating Mailjet Templating language for message "${subject}"`,
        text: `The message "${subject}" could not be evaluated:\n\n${problem}\n\n${stored === undefined ? '' : `It comes from the template ${stored.id} (${stored.name}).\n\n`}Its source is attached.\n`,
        attachments: [{ contentType: 'text/plain', filename: 'message.eml.txt', content: source }],
        inlineAttachments: [],
        headers: [['Auto-Submitted', 'auto-generated']],
        template: { language: false, variables: {}, deliverOnError: true },
        options: {},
      },
    ]
  }

  return {
    about(draft: Draft, [fault]: readonly TemplateFault[]): Draft[] {
      const to = draft.template.reportErrorsTo
      if (fault === undefined || to === undefined) return []
      const { keyId, subject, template } = draft
      return report({ keyId, to, subject, fault, stored: template.stored })
    },

    aboutRaw(
      raw: RawSubmission,
      message: SubmittedMessage,
      { faults: [fault], stored }: { faults: readonly TemplateFault[]; stored: UsableTemplate | undefined },
    ): Draft[] {
      const to = message.features.template.reportErrorsTo
      if (fault === undefined || to === undefined) return []
      return report({ keyId: raw.keyId, to, subject: message.subject, fault, stored })
    },
  }
}
