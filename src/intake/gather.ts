/** What texts ask to know of their recipients as contacts: read at once for all of them, and only where they ask. */
import type { Kysely } from 'kysely'
import { dataOfRecipients, type RecipientsData } from '../contacts/recipient-data.ts'
import type { Address } from '../mail/address.ts'
import type { KeyId } from '../mail/ids.ts'
import type { Schema } from '../storage/schema.ts'
import { isPersonalised, type Texts } from './personalise.ts'

/** Further ones that a text names are unknown to it. */
const mostSegments = 20

const asking = /\bdata\s*:|\bsegment\s*:|\bmj\s*:\s*contact\.id\b|\bhas(?:opened|clicked)since\s*\(/i
const segmentNames =
  /\bsegment\s*:\s*(?:"([^"]{1,255})"|'([^']{1,255})'|([\p{L}\p{N}_][\p{L}\p{N}_.-]{0,254}))/giu

/** True for the few that have to be gathered for. */
export function asksForContacts(texts: Texts, language: boolean): boolean {
  if (!isPersonalised(texts, language)) return false
  const { subject, text = '', html = '' } = texts
  return [subject, text, html].some((source) => asking.test(source))
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
  const sources = texts
    .filter((one) => asksForContacts(one, language))
    .flatMap(({ subject, text = '', html = '' }) => [subject, text, html])
  if (sources.length === 0) return new Map()
  const named = language
    ? sources.flatMap((source) =>
        [...source.matchAll(segmentNames)].map(([, double, single, bare]) => double ?? single ?? bare ?? ''),
      )
    : []
  const segments = [...new Set(named)].slice(0, mostSegments)
  return dataOfRecipients(db, { keyId, addresses, segments, now })
}
