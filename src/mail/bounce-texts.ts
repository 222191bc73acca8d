/**
 * Bounces without a machine-readable part, by the programs that write them. Each form knows itself by words that its
 * program has always used; what no form knows is read by `readPlainBounce`, when its sender speaks for a mail system.
 */
import {
  maxRecipients,
  plainWords,
  type ReportAction,
  type ReportedRecipient,
  readReportedAddress,
  reportedRecipient,
} from './report-text.ts'

export const bounceForms = [
  'exchange',
  'qmail',
  'exim',
  'postfix',
  'sendmail',
  'google',
  'domino',
  'plain',
] as const
export type BounceForm = (typeof bounceForms)[number]

export type BounceText = {
  form: BounceForm
  recipients: ReportedRecipient[]
  /** What follows is the message that came back, or its header. */
  returned: string | undefined
}

/** What a form is read from. `text` has \n line breaks. */
export type BounceSource = {
  text: string
  subject: string
  /** X-Failed-Recipients, which Exim and Google write. */
  failedRecipients: readonly string[]
}

type Form = {
  form: BounceForm
  knows: RegExp
  read: (source: BounceSource, lines: string[]) => ReportedRecipient[]
}

const maxLines = 5_000
const indentedAddress = /^[ \t]+<?([^\s<>@]{1,128}@[^\s<>@]{1,255}?)>?[:.]?$/
const warningWords =
  /warning only|not yet been delivered|delayed|will (?:be retried|keep trying|continue trying)|temporary problem|still being retried|delivery incomplete|wird weiter versucht|verz(?:ö|oe)gert/i

const forms: readonly Form[] = [
  {
    form: 'qmail',
    knows: /^Hi\. This is the |^--- (?:Below this line is a copy|Enclosed (?:are|is))/m,
    read: readQmail,
  },
  {
    form: 'postfix',
    knows: /This is the (?:mail system at host|Postfix program at host)/,
    read: readPostfix,
  },
  {
    form: 'sendmail',
    knows: /^\s{0,8}-{3,8} (?:The following addresses had|Transcript of session follows)/m,
    read: readSendmail,
  },
  {
    form: 'google',
    knows:
      /^Delivery to the following recipients? (?:failed permanently|has been delayed)|Google tried to deliver your message|^\*\* .{1,60} \*\*$/m,
    read: readGoogle,
  },
  {
    form: 'exim',
    knows:
      /created automatically by (?:the )?mail delivery software|A message that you (?:have )?sent (?:could not be delivered|has not yet been delivered)/,
    read: readExim,
  },
  {
    form: 'exchange',
    knows:
      /Delivery has failed to these recipients|did not reach (?:some or all of the intended|the following) recipient|Diagnostic information for administrators|Generating server:|recipient\(s\) (?:cannot|could not) be reached|konnte einigen oder allen Empf|Fehler bei der Nachrichtenzustellung an folgende/,
    read: readExchange,
  },
  { form: 'domino', knows: /^\s{0,8}was not delivered to:\s*$/m, read: readDomino },
]

/** Undefined when the words are nobody's that we know. */
export function readBounceText(source: BounceSource): BounceText | undefined {
  const found = forms.find(({ knows }) => knows.test(source.text.slice(0, 65_536)))
  if (found === undefined) return undefined
  const { told, returned } = splitReturned(source.text)
  const recipients = found.read({ ...source, text: told }, told.split('\n', maxLines))
  return { form: found.form, recipients: mergeFailed(recipients, source, told), returned }
}

const failureWords =
  /undeliver|could ?n[o']t be (?:delivered|sent)|not (?:be )?delivered|delivery (?:has )?fail|failed (?:to deliver|permanently)|unknown user|user unknown|no such user|returned mail|mailbox (?:is )?(?:full|unavailable|not found)|does not exist|unzustellbar|nicht zugestellt|non remis|n['’]a pas pu|no se (?:ha podido|pudo) entregar|配信できません|配信不能|エラーメール|届きません|delivery status notification/i

/** For senders that speak for a mail system: every address in the text, or nobody, when the words speak of failure. */
export function readPlainBounce(
  source: BounceSource,
  ownAddresses: readonly string[],
): BounceText | undefined {
  const { told, returned } = splitReturned(source.text)
  if (!failureWords.test(`${source.subject.slice(0, 1_000)}\n${told.slice(0, 65_536)}`)) return undefined
  const own = new Set(ownAddresses.map((address) => address.toLowerCase()))
  const addresses = addressesIn(told).filter((address) => !own.has(address.toLowerCase()))
  const action = actionOf(source, told)
  const recipients = addresses.map((address) => reportedRecipient(address, wordsNear(told, address), action))
  return { form: 'plain', recipients: mergeFailed(recipients, source, told), returned }
}

/** X-Failed-Recipients names addresses for sure; the text adds the words. */
function mergeFailed(
  recipients: readonly ReportedRecipient[],
  { failedRecipients, subject }: BounceSource,
  told: string,
): ReportedRecipient[] {
  const byAddress = new Map<string, ReportedRecipient>()
  for (const recipient of recipients) {
    const key = recipient.address.toLowerCase()
    if (!byAddress.has(key)) byAddress.set(key, recipient)
  }
  const named = failedRecipients
    .flatMap((value) => value.split(',', maxRecipients))
    .flatMap((text) => readReportedAddress(text) ?? [])
  const action = actionOf({ subject }, told)
  if (named.length === 0) return [...byAddress.values()].slice(0, maxRecipients)
  return [...new Set(named)]
    .slice(0, maxRecipients)
    .map(
      (address) =>
        byAddress.get(address.toLowerCase()) ?? reportedRecipient(address, wordsNear(told, address), action),
    )
}

function actionOf({ subject }: Pick<BounceSource, 'subject'>, told: string): ReportAction {
  const isWarning = warningWords.test(subject.slice(0, 1_000)) || warningWords.test(told.slice(0, 2_000))
  return isWarning ? 'delayed' : 'failed'
}

const separators =
  /^[ \t]*(?:-{2,} ?(?:Below this line is a copy|Enclosed (?:are|is)|This is a copy of|Original message|Unsent message|Returned message|Message header follows|Header follows|Urspr(?:ü|ue)ngliche Nachricht|The header of the original|Undelivered message)|Original message headers:|Urspr(?:ü|ue)ngliche Nachrichtenkopfzeilen:|The header of the original message is following:|----- Original Message -----)[^\n]*$/im

function splitReturned(text: string): { told: string; returned: string | undefined } {
  const match = separators.exec(text)
  if (match === null) return { told: text, returned: undefined }
  return { told: text.slice(0, match.index), returned: text.slice(match.index + match[0].length).trimStart() }
}

/** Paragraphs that begin with `<address>:` (QSBMF); the words run to the next one. */
function readQmail(source: BounceSource, lines: string[]): ReportedRecipient[] {
  const isPermanent = !/has been in the queue|not been able to deliver .{0,40} yet/i.test(source.text)
  return readBlocks(lines, (line) => /^<([^<>]{1,320})>:(.*)$/.exec(line)).map(({ address, words }) => {
    const recipient = reportedRecipient(address, words, actionOf(source, source.text))
    // qmail gives up after a week with "this message has been in the queue too long" and the last temporary code.
    if (!isPermanent && recipient.status === undefined) recipient.status = '4.4.7'
    return recipient
  })
}

/** `<address>: host … said: 550 …`, and `<address> (expanded from <other>): …`. */
function readPostfix(source: BounceSource, lines: string[]): ReportedRecipient[] {
  const action = actionOf(source, source.text)
  return readBlocks(lines, (line) =>
    /^<([^<>]{1,320})>(?: \(expanded from <[^<>]{1,320}>\))?:(.*)$/.exec(line),
  ).map(({ address, words, line }) => {
    const recipient = reportedRecipient(address, words, action)
    const [, original] = /\(expanded from <([^<>]{1,320})>\)/.exec(line) ?? []
    return withOriginal(withHost(recipient, /host (\S{1,255}?)\[/.exec(words)?.[1]), original)
  })
}

/** `<address>` alone under the heading, its reason in the brackets below. */
function readSendmail(source: BounceSource, lines: string[]): ReportedRecipient[] {
  const isTransient = /addresses had transient non-fatal errors|warning message only/i.test(source.text)
  const end = lines.findIndex((line) => /-{3,8} Transcript of session follows/.test(line))
  const heads = end === -1 ? lines : lines.slice(0, end)
  const transcript = end === -1 ? '' : lines.slice(end + 1).join('\n')
  return readBlocks(heads, (line) => /^\s{0,8}"?<([^<>]{1,320})>"?(.*)$/.exec(line)).map(
    ({ address, words }) => {
      const [, reason] = /\(reason: ([^\n]{1,1000}?)\)?\s*$/m.exec(words) ?? []
      const [, original] = /\(expanded from: <?([^<>()\s]{1,320})>?\)/.exec(words) ?? []
      const said = reason ?? transcriptOf(transcript, address)
      const recipient = reportedRecipient(address, said, isTransient ? 'delayed' : 'failed')
      return withOriginal(
        withHost(recipient, /while talking to (\S{1,255}?)\.?:/.exec(transcript)?.[1]),
        original,
      )
    },
  )
}

function transcriptOf(transcript: string, address: string): string {
  const lines = transcript.split('\n', 1_000)
  const codes = lines.filter((line) => /^\s{0,4}(?:<<< )?[45]\d\d[ -]/.test(line))
  const about = codes.find((line) => line.includes(address)) ?? codes[0]
  return (about ?? transcript.slice(0, 1_000)).replace(/^\s*<<< /, '')
}

function readGoogle(source: BounceSource, lines: string[]): ReportedRecipient[] {
  const action = actionOf(source, source.text)
  const start = lines.findIndex((line) => /^Delivery to the following recipient/.test(line))
  const addresses: string[] = []
  for (const line of lines.slice(start + 1)) {
    const [, address] = indentedAddress.exec(line) ?? []
    const read = address === undefined ? undefined : readReportedAddress(address)
    if (read !== undefined) addresses.push(read)
    else if (addresses.length > 0 && line.trim() !== '') break
  }
  const [, delivered] = /wasn['’]t delivered to (\S{3,320})/.exec(source.text) ?? []
  const named = delivered === undefined ? undefined : readReportedAddress(delivered.replace(/[.,]$/, ''))
  if (named !== undefined && addresses.length === 0) addresses.push(named)
  const [, said] =
    /(?:other server returned was|response (?:from the remote server )?was|returned was):\s*([\s\S]{1,1500})/.exec(
      source.text,
    ) ?? []
  return addresses.map((address) => reportedRecipient(address, said ?? source.text, action))
}

/** Indented addresses, each with deeper indented words; or `address:` at the margin, as 1&1 and GMX write them. */
function readExim(source: BounceSource, lines: string[]): ReportedRecipient[] {
  const action = actionOf(source, source.text)
  const startOf = (line: string) =>
    /^\s{2,4}<?([^\s<>()]{1,128}@[^\s<>()]{1,255}?)>?(:?)$/.exec(line) ??
    /^"?<?([^\s<>"()]{1,128}@[^\s<>"()]{1,255}?)>?"?(:?)$/.exec(line)
  return readBlocks(lines, startOf).map(({ address, words }) => {
    const [, original] = /\((?:ultimately )?generated from ([^\s()]{3,320})\)/.exec(words) ?? []
    const said = words.replaceAll(/\((?:ultimately )?generated from [^\s()]{3,320}\)/g, '')
    return withOriginal(
      withHost(reportedRecipient(address, said, action), /host (\S{1,255}) \[/.exec(words)?.[1]),
      original,
    )
  })
}

/** The address stands alone, linked or quoted; the code further down, under the headline for administrators. */
function readExchange(source: BounceSource): ReportedRecipient[] {
  // What stands before it names the message, its recipients who got it included.
  const begin = source.text.search(
    /Delivery has failed to these|did not reach (?:some or all|the following)|Fehler bei der/,
  )
  const text = source.text.slice(Math.max(begin, 0))
  const action = actionOf(source, source.text)
  const at = text.search(
    /Diagnostic information for administrators|Diagnoseinformationen f(?:ü|ue)r Administratoren|Generating server:/,
  )
  const people = at === -1 ? text : text.slice(0, at)
  const technical = at === -1 ? '' : text.slice(at)
  const fromTechnical = readBlocks(technical.split('\n', maxLines), (line) =>
    /^\s{0,8}<?([^\s<>()@]{1,128}@[^\s<>()@]{1,255}?)>?:?()$/.exec(line),
  )
  if (fromTechnical.length > 0) {
    return fromTechnical.map(({ address, words }) => reportedRecipient(address, words, action))
  }
  return addressesIn(people).map((address) => reportedRecipient(address, wordsNear(text, address), action))
}

function readDomino(source: BounceSource, lines: string[]): ReportedRecipient[] {
  const start = lines.findIndex((line) => /^\s*was not delivered to:/.test(line))
  const because = lines.findIndex((line, i) => i > start && /^\s*because:/.test(line))
  const words = because === -1 ? '' : lines.slice(because + 1, because + 6).join(' ')
  const named = lines.slice(start + 1, because === -1 ? start + 20 : because).join('\n')
  return addressesIn(named).map((address) => reportedRecipient(address, words, actionOf(source, '')))
}

type Block = { address: string; words: string; line: string }

/** From each line that `startOf` knows to the next one; a blank line followed by prose ends the words. */
function readBlocks(lines: readonly string[], startOf: (line: string) => RegExpExecArray | null): Block[] {
  const blocks: { address: string; words: string[]; line: string; open: boolean }[] = []
  for (const line of lines) {
    const match = line.length > 2_000 ? null : startOf(line)
    const address = match?.[1] === undefined ? undefined : readReportedAddress(match[1])
    const current = blocks.at(-1)
    if (address !== undefined) {
      if (blocks.length === maxRecipients) break
      blocks.push({ address, words: [match?.[2] ?? ''], line, open: true })
    } else if (current?.open) {
      const isEmpty = line.trim() === ''
      if (isEmpty && current.words.some((words) => words.trim() !== '')) current.open = false
      else if (current.words.length < 60) current.words.push(line.slice(0, 1_000))
    }
  }
  return blocks.map(({ address, words, line }) => ({ address, words: words.join('\n').trim(), line }))
}

const addressPattern = /[^\s"'<>()[\],;:@]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,10}/gi

function addressesIn(text: string): string[] {
  const found = new Set<string>()
  for (const [match] of text.slice(0, 65_536).matchAll(addressPattern)) {
    const address = readReportedAddress(match)
    if (address !== undefined) found.add(address)
    if (found.size === 50) break
  }
  return [...found]
}

/** What follows the address where a code follows it, else where it stands first. */
function wordsNear(words: string, address: string): string {
  const text = words.slice(0, 65_536)
  const lower = text.toLowerCase()
  const sought = address.toLowerCase()
  let at = lower.indexOf(sought)
  if (at === -1) return plainWords(text)
  const first = at
  for (let tries = 0; at !== -1 && tries < 10; tries++) {
    const near = plainWords(text.slice(at + address.length, at + address.length + 1_000)).replace(
      /^[>:\s]+/,
      '',
    )
    if (codePattern.test(near.slice(0, 300))) return near
    at = lower.indexOf(sought, at + sought.length)
  }
  return plainWords(text.slice(first, first + 1_000))
}

const codePattern = /(?<![\d.])[45]\d\d(?!\d)|(?<![\d.])[45]\.\d{1,3}\.\d{1,3}/

function withHost(recipient: ReportedRecipient, host: string | undefined): ReportedRecipient {
  return host === undefined ? recipient : { ...recipient, remoteMta: host }
}

function withOriginal(recipient: ReportedRecipient, original: string | undefined): ReportedRecipient {
  const address = original === undefined ? undefined : readReportedAddress(original)
  return address === undefined || address === recipient.address
    ? recipient
    : { ...recipient, originalAddress: address }
}
