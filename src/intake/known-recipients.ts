/** What texts ask to know of their recipients as contacts: read at once for all of them, and only where they ask. */
import type { Kysely } from 'kysely'
import { dataOfRecipients, type RecipientsData } from '../contacts/recipient-data.ts'
import type { Address } from '../mail/address.ts'
import type { KeyId } from '../mail/ids.ts'
import type { Schema } from '../storage/schema.ts'
import type { Draft } from './draft.ts'
import { isPersonalised, type Texts } from './personalise.ts'
import { textsOf } from './variants.ts'

/** Further ones that a text names are unknown to it. */
const mostSegments = 20

const asking = /\bdata\s*:|\bsegment\s*:|\bmj\s*:\s*contact\.id\b|\bhas(?:opened|clicked)since\s*\(/i
const segmentNames =
  /\bsegment\s*:\s*(?:"([^"]{1,255})"|'([^']{1,255})'|([\p{L}\p{N}_][\p{L}\p{N}_.-]{0,254}))/giu

/**
 * Tells the few texts that have to be gathered for: a part of them is personalised, and asks. Each source is looked at
 * once, in however many copies of a message it stands.
 */
function askingForContacts(language: boolean): (texts: Texts) => boolean {
  const subjects = new Map<string, boolean>()
  const bodies = new Map<string, boolean>()
  function asks(source: string, part: 'subject' | 'html'): boolean {
    const known = part === 'subject' ? subjects : bodies
    const before = known.get(source)
    if (before !== undefined) return before
    const texts: Texts = part === 'subject' ? { subject: source } : { subject: '', html: source }
    const result = isPersonalised(texts, language) && asking.test(source)
    known.set(source, result)
    return result
  }
  return ({ subject, text = '', html = '' }) =>
    asks(subject, 'subject') || asks(text, 'html') || asks(html, 'html')
}

/** For drafts of one key, looked up together. */
export async function gatherForDrafts(
  db: Kysely<Schema>,
  drafts: readonly Draft[],
  now: number,
): Promise<RecipientsData> {
  const asks = { plain: askingForContacts(false), language: askingForContacts(true) }
  const found = drafts.filter((draft) => asks[draft.template.language ? 'language' : 'plain'](textsOf(draft)))
  const [first] = found
  if (first === undefined) return new Map()
  const recipients = found.flatMap(({ to, cc, bcc }) => [...to, ...cc, ...bcc])
  return gather(db, {
    keyId: first.keyId,
    addresses: recipients.map(({ address }) => address),
    texts: found.map(textsOf),
    language: found.some(({ template }) => template.language),
    now,
  })
}

export async function gather(
  db: Kysely<Schema>,
  {
    keyId,
    addresses,
    texts,
    language,
    now,
  }: {
    keyId: KeyId
    addresses: readonly Address[]
    texts: readonly Texts[]
    language: boolean
    now: number
  },
): Promise<RecipientsData> {
  const sources = new Set(
    texts
      .filter(askingForContacts(language))
      .flatMap(({ subject, text = '', html = '' }) => [subject, text, html]),
  )
  if (sources.size === 0) return new Map()
  const named = language
    ? [...sources].flatMap((source) =>
        [...source.matchAll(segmentNames)].map(([, double, single, bare]) => double ?? single ?? bare ?? ''),
      )
    : []
  const segments = [...new Set(named)].slice(0, mostSegments)
  return dataOfRecipients(db, { keyId, addresses, segments, now })
}
