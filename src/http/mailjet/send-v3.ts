/** `POST /v3/send`, the older dialect (reference/send-api.md §10): one fault refuses the call, in the REST shape,
 * but recipients whose address is none are left out. */
import { isHugeCall, maxCallMegabytes, maxComposedBytes } from '../../intake/call-size.ts'
import type { Draft, Intake, Prepared } from '../../intake/draft.ts'
import { formatAddress } from '../../mail/address.ts'
import type { KeyId } from '../../mail/ids.ts'
import { Refused } from '../../runtime/refused.ts'
import type { TemplateReference } from '../../templates/sending.ts'
import { type DraftV3, type FindTemplate, readMessageV3, templateOf } from './message-v3.ts'
import { propertiesOf } from './properties.ts'
import { readJson } from './read-json.ts'
import { badRequest } from './rest-errors.ts'

const maxMessages = 100
/** Each entry of Recipients, and each address of To, Cc and Bcc, over the whole call. */
const maxRecipients = 1_000

export async function sendV3(
  body: Buffer,
  { keyId, intake }: { keyId: KeyId; intake: Intake },
): Promise<{ status: number; body: string; prepared: Prepared[] }> {
  const messages = messagesOf(body)
  const find = await findTemplates(messages, { keyId, intake })
  const drafts = readCall(messages, find).flatMap((message) => draftsOf(message, keyId))
  const known = await intake.gather(drafts)
  const prepared: Prepared[] = []
  let maxBytes = maxComposedBytes
  for (const draft of drafts) {
    try {
      const one = await intake.prepare(draft, { known, maxBytes })
      maxBytes -= one.sizeBytes
      prepared.push(one)
    } catch (error) {
      if (error instanceof Refused && error.code !== 'storage-unavailable') throw badRequest(error.message)
      throw error
    }
  }
  const sent = prepared.flatMap((message) =>
    message.accepted.recipients.map(
      ({ address, deliveryId, uuid }) =>
        `{ "Email" : ${JSON.stringify(formatAddress(address))}, "MessageID" : ${deliveryId}, "MessageUUID" : "${uuid}" }`,
    ),
  )
  return { status: 200, body: `{ "Sent" : [${sent.join(', ')}] }\n`, prepared }
}

function messagesOf(body: Buffer): unknown[] {
  const json = readJson(body)
  const call = propertiesOf(json?.value)
  if (call === undefined) throw badRequest('Malformed JSON, please review the syntax and properties types.')
  const given = call.get('messages')
  const messages: unknown[] = Array.isArray(given) ? given : [json?.value]
  if (given !== undefined && given !== null && !Array.isArray(given))
    throw badRequest('"Messages" is not an array')
  if (messages.length === 0) throw badRequest('At least one message is required')
  if (messages.length > maxMessages) {
    throw badRequest(`Too many messages in Messages, at most ${maxMessages} are allowed`)
  }
  return messages
}

/** All that the call names, looked up together. */
async function findTemplates(
  messages: readonly unknown[],
  { keyId, intake }: { keyId: KeyId; intake: Intake },
): Promise<FindTemplate> {
  const nameOf = (reference: TemplateReference) => JSON.stringify(reference)
  const references = new Map(
    messages.flatMap((message) => {
      const reference = templateOf(message)
      return reference === undefined ? [] : [[nameOf(reference), reference] as const]
    }),
  )
  const found = await intake.templates.find(keyId, [...references.values()])
  return (reference) => {
    const asked = references.get(nameOf(reference))
    return asked && found.get(asked)
  }
}

function readCall(messages: readonly unknown[], find: FindTemplate): DraftV3[] {
  const read = messages.map((message) => readMessageV3(message, find))
  let recipients = 0
  for (const { draft, separate } of read) {
    recipients += separate?.length ?? draft.to.length + draft.cc.length + draft.bcc.length
  }
  if (recipients > maxRecipients) {
    throw badRequest(`Too many recipients in the call, at most ${maxRecipients} are allowed`)
  }
  if (isHugeCall(read.map(({ draft, separate }) => ({ draft, copies: separate?.length ?? 1 })))) {
    throw badRequest(
      `The texts and attachments of all copies together are larger than ${maxCallMegabytes}MB, make several calls`,
    )
  }
  return read
}

/** `Recipients` get a copy each that shows only themselves. */
function draftsOf({ draft, separate }: DraftV3, keyId: KeyId): Draft[] {
  if (separate === undefined) return [{ ...draft, keyId }]
  return separate.map(({ mailbox, variables }) => ({
    ...draft,
    keyId,
    to: [mailbox],
    template: { ...draft.template, variables: { ...draft.template.variables, ...variables } },
  }))
}
