/** `POST /v3.1/send` from a body to what has to be stored and answered (reference/send-api.md §2, §6). */
import type { RecipientsData } from '../../contacts/recipient-data.ts'
import { isHugeCall, maxCallMegabytes, maxComposedBytes } from '../../intake/call-size.ts'
import type { Intake, Prepared } from '../../intake/draft.ts'
import { formatAddress, normaliseAddress, parseAddress } from '../../mail/address.ts'
import type { KeyId } from '../../mail/ids.ts'
import { Refused } from '../../runtime/refused.ts'
import {
  type CheckedMessage,
  checkMessage,
  type Decoded,
  senderNotEnabled,
  type UsableTemplates,
} from './check-message.ts'
import {
  type ApiError,
  CallError,
  emptyArray,
  formatError,
  malformed,
  missing,
  payloadTooLarge,
  refusals,
  tooMany,
  tooManyRecipients,
} from './errors.ts'
import { type Fields, mergeFields, readFields } from './fields-v31.ts'
import { boolean, mismatch, propertiesOf } from './properties.ts'
import { readJson } from './read-json.ts'

const maxMessages = 50
const maxRecipients = 50

export type Outcome = {
  status: number
  body: string
  /** What to store before the answer goes out; empty when everything was refused or the call was a rehearsal. */
  prepared: Prepared[]
}

export type SendContext = { keyId: KeyId; intake: Intake; baseUrl: string }

type Result = { errors: ApiError[] } | { message: CheckedMessage; prepared: Prepared | undefined }

/** Throws CallError when the call as a whole is refused. */
export async function sendV31(body: Buffer, context: SendContext): Promise<Outcome> {
  const { messages, sandbox, checkSenders } = readCall(body)
  const decoded: Decoded = new Map()
  const { keyId, intake } = context
  const templates = await findTemplates(messages, { keyId, intake })
  const checked = messages.map((fields) => checkMessage(fields, { keyId, decoded, templates }))
  refuseHugeCall(checked)
  const known = await intake.gather(
    checked.flatMap(({ draft, errors }) => (errors.length === 0 ? [draft] : [])),
  )
  const results: Result[] = []
  let maxBytes = maxComposedBytes
  for (const message of checked) {
    const result = await decide(message, { ...context, sandbox, checkSenders, known, maxBytes })
    if ('prepared' in result) maxBytes -= result.prepared?.sizeBytes ?? 0
    results.push(result)
  }
  return {
    status: statusOf(results),
    body: JSON.stringify({ Messages: results.map((result) => formatResult(result, context.baseUrl)) }),
    prepared: results.flatMap((result) => ('prepared' in result && result.prepared ? [result.prepared] : [])),
  }
}

function readCall(body: Buffer): { messages: Fields[]; sandbox: boolean; checkSenders: boolean } {
  const call = propertiesOf(readJson(body)?.value)
  if (call === undefined) throw new CallError(malformed)
  const flag = (name: string): boolean => {
    const value = call.get(name.toLowerCase())
    return value === undefined || value === null ? false : boolean(value, name)
  }
  const sandbox = flag('SandboxMode')
  const checkSenders = flag('AdvanceErrorHandling')
  const given = call.get('messages')
  if (given === undefined || given === null) throw new CallError(missing('Messages'))
  if (!Array.isArray(given)) throw mismatch('Messages', 'Messages')
  if (given.length === 0) throw new CallError(emptyArray('Messages'))
  const globalsGiven = call.get('globals')
  const globals =
    globalsGiven === undefined || globalsGiven === null ? {} : readFields(globalsGiven, 'Globals')
  const messages: Fields[] = []
  let recipients = 0
  for (const one of given) {
    const fields = mergeFields(globals, readFields(one, 'Messages'))
    recipients += countRecipients(fields)
    if (recipients > maxRecipients) throw new CallError(tooManyRecipients(maxRecipients))
    messages.push(fields)
  }
  if (messages.length > maxMessages) throw new CallError(tooMany('Messages', maxMessages))
  return { messages, sandbox, checkSenders }
}

async function findTemplates(
  messages: readonly Fields[],
  { keyId, intake }: Pick<SendContext, 'keyId' | 'intake'>,
): Promise<UsableTemplates> {
  const ids = new Set(messages.flatMap(({ templateId }) => (templateId === undefined ? [] : [templateId])))
  const references = [...ids].filter(Number.isSafeInteger).map((id) => ({ id }))
  const found = await intake.templates.find(keyId, references)
  return new Map([...found].map(([{ id }, template]) => [id, template]))
}

/** An address that stands in To, Cc and Bcc counts once (§2.2). */
function countRecipients({ to = [], cc = [], bcc = [] }: Fields): number {
  const addresses = new Set<string>()
  let others = 0
  for (const { email } of [...to, ...cc, ...bcc]) {
    const address = email === undefined ? undefined : parseAddress(email)
    if (address === undefined) others += 1
    else addresses.add(normaliseAddress(address))
  }
  return addresses.size + others
}

/** Globals may attach one file to fifty messages, and a template may be megabytes for each of fifty recipients. */
function refuseHugeCall(checked: readonly CheckedMessage[]): void {
  if (!isHugeCall(checked.filter(({ errors }) => errors.length === 0))) return
  const { message, ...error } = payloadTooLarge(maxCallMegabytes)
  throw new CallError({
    ...error,
    message: `${message} Texts and attachments count once for each content that is made of them; make several calls.`,
  })
}

async function decide(
  message: CheckedMessage,
  {
    keyId,
    intake,
    sandbox,
    checkSenders,
    known,
    maxBytes,
  }: SendContext & {
    sandbox: boolean
    checkSenders: boolean
    known: RecipientsData
    /** What is left of the call's. */
    maxBytes: number
  },
): Promise<Result> {
  const { draft, errors, isDoubled, unknownTemplate, namesSender } = message
  // §2.4: what asks the account is an error in strict calls alone; in others the mail is blocked.
  if (checkSenders && unknownTemplate !== undefined) errors.push(noTemplate(unknownTemplate))
  if (checkSenders && isDoubled) errors.push(doubledHtml)
  if (checkSenders && namesSender) errors.push(senderNotEnabled)
  if (checkSenders && errors.length === 0 && !(await intake.maySendAs(keyId, draft.from.address))) {
    errors.push(unknownSender(formatAddress(draft.from.address)))
  }
  if (errors.length > 0) return { errors }
  try {
    const problem = checkSenders ? await intake.templateProblem(draft, { known }) : undefined
    if (problem !== undefined) return { errors: [unusableTemplate(problem)] }
    if (sandbox) return { message, prepared: undefined }
    return { message, prepared: await intake.prepare(draft, { known, maxBytes }) }
  } catch (error) {
    if (!(error instanceof Refused) || error.code === 'storage-unavailable') throw error
    return { errors: [{ ...refusals[error.code], message: error.message }] }
  }
}

const doubledHtml: ApiError = {
  code: 'send-0004',
  status: 400,
  message: '"HTMLPart" cannot be given together with a "TemplateID" whose template has HTML of its own.',
  relatedTo: ['HTMLPart', 'TemplateID'],
}

function noTemplate(id: number): ApiError {
  return {
    code: 'send-0010',
    status: 400,
    message: `Template id "${id}" doesn't exist for your account.`,
    relatedTo: ['TemplateID'],
  }
}

/** It is there, but nothing can be sent of it; the real service has no code of its own for that. */
function unusableTemplate(problem: string): ApiError {
  return { code: 'send-0010', status: 400, message: problem, relatedTo: ['TemplateID'] }
}

function unknownSender(email: string): ApiError {
  return {
    code: 'send-0008',
    status: 403,
    message: `"${email}" is not an authorized sender email address for your account.`,
    relatedTo: ['From'],
  }
}

/** §6.7: 403 when every error is about senders, 400 for all else. */
function statusOf(results: readonly Result[]): number {
  const errors = results.flatMap((result) => ('errors' in result ? result.errors : []))
  if (errors.length === 0) return 200
  return errors.every((error) => error.status === 403) ? 403 : 400
}

function formatResult(result: Result, baseUrl: string) {
  if ('errors' in result) return { Status: 'error', Errors: result.errors.map(formatError) }
  const { message, prepared } = result
  let next = 0
  const entries = (emails: readonly string[]) =>
    emails.map((email) => {
      const recipient = prepared?.accepted.recipients[next++]
      const id = recipient?.deliveryId ?? 0
      return {
        Email: email,
        MessageUUID: recipient?.uuid ?? '',
        MessageID: id,
        MessageHref: `${baseUrl}/v3/REST/message/${id}`,
      }
    })
  const { to, cc, bcc } = message.emails
  return {
    Status: 'success',
    CustomID: message.draft.customId ?? '',
    To: entries(to),
    Cc: entries(cc),
    Bcc: entries(bcc),
  }
}
