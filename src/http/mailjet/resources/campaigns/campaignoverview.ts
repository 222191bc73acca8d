/** `/v3/REST/campaignoverview`: drafts and what became of them, in one list (reference/statistics.md §9). */
import type { Mailing } from '../../../../campaigns/mailing.ts'
import { mailingStates } from '../../../../campaigns/states.ts'
import { countMailings, listMailings, type MailingFilters } from '../../../../campaigns/store-mailings.ts'
import type { MailingId } from '../../../../mail/ids.ts'
import { noMetrics } from '../../../../stats/metrics.ts'
import { type CounterRow, readTotals } from '../../../../stats/read.ts'
import type { MailingState } from '../../../../storage/tables/mailings.ts'
import { defineResource } from '../../define-resource.ts'
import type { Page, Query } from '../../resource.ts'
import { whole, words, yes } from '../statistics/shape.ts'
import { statusNumbers } from './draft-status.ts'

type Row = Mailing & { counts: Pick<CounterRow, 'clicked' | 'opened' | 'processed' | 'sent'> }

/** What was handed over is a campaign; everything else is a draft still. */
const idType = ({ campaignId }: Mailing) => (campaignId === null ? 'NL' : 'Campaign')

export const campaignoverview = defineResource<Row>({
  name: 'campaignoverview',
  description: 'Drafts, scheduled and sent campaigns.',
  uniqueKey: ['IDType', 'ID'],
  properties: [
    whole('ClickedCount', 'Messages with a click.', ({ counts }) => counts.clicked),
    whole('DeliveredCount', 'Messages taken by their hosts.', ({ counts }) => counts.sent),
    words('EditMode', 'tool, html, tool2, html2 or mjml.', (row) => row.editMode),
    words('EditType', 'full.', (row) => String(row.extras.EditType ?? 'full')),
    whole('ID', 'Number of the campaign, or of the draft.', (row) => row.campaignId ?? row.id),
    words('IDType', 'What ID is the number of: Campaign or NL.', idType),
    whole('OpenedCount', 'Messages opened.', ({ counts }) => counts.opened),
    whole('ProcessedCount', 'Messages accepted.', ({ counts }) => counts.processed),
    whole('SendTimeStart', 'When sending began, in seconds since 1970; 0 before.', (row) =>
      Math.floor((row.startedAt ?? row.scheduledAt ?? 0) / 1000),
    ),
    yes('Starred', 'Whether it has a star.', (row) => row.isStarred),
    whole('Status', 'As of campaigndraft.', (row) => statusNumbers[row.state]),
    words('Subject', 'Subject line.', (row) => row.subject),
    words('Title', 'Name of its own.', (row) => row.title),
  ],
  filters: {
    All: 'boolean',
    Archived: 'boolean',
    Drafts: 'boolean',
    ID: 'integer',
    IDType: 'text',
    Programmed: 'boolean',
    Sent: 'boolean',
    Starred: 'boolean',
    Subject: 'text',
  },
  sort: { ID: false },
  unknownId: 'not-found',
  select,
  async count(query) {
    const filters = readFilters(query)
    return filters === undefined ? 0 : countMailings(query.db, filters)
  },
})

async function select(query: Query, page: Page): Promise<Row[]> {
  const filters = readFilters(query)
  if (filters === undefined) return []
  const mailings = await listMailings(query.db, filters, page)
  await query.parts.statistics.fresh()
  const ids = mailings.flatMap(({ campaignId }) => campaignId ?? [])
  const totals = await readTotals(query.db, { source: 'campaign', sourceIds: ids })
  const byId = new Map(totals.map((total) => [total.source_id, total]))
  return mailings.map((mailing) => ({ ...mailing, counts: byId.get(mailing.campaignId ?? 0) ?? noMetrics() }))
}

const states = {
  Drafts: ['draft'],
  Programmed: ['scheduled', 'sending', 'paused'],
  Sent: ['sent', 'cancelled'],
  Archived: ['archived'],
} as const

/** Undefined when nothing can match. All but archived and deleted ones, unless something is asked for. */
function readFilters({ keyId, id, uniqueKey, filters }: Query): MailingFilters | undefined {
  // In the path, a number alone names nothing: the same may stand for a draft and for a campaign.
  if (id !== undefined) return undefined
  const [type = filters.text('IDType'), number = filters.integer('ID')] = uniqueKey ?? []
  const wanted = number === undefined ? undefined : Number(number)
  if (wanted !== undefined && !Number.isSafeInteger(wanted)) return undefined
  const kind = type?.toLowerCase()
  const statesOf = (is: boolean): MailingState[] =>
    Object.entries(states).flatMap(([name, of]) => (filters.boolean(name) === is ? [...of] : []))
  const asked = statesOf(true)
  const unwanted = statesOf(false)
  const all = mailingStates.filter((state) => state !== 'deleted')
  const usual = filters.boolean('All') ? all : all.filter((state) => state !== 'archived')
  const isStarred = filters.boolean('Starred')
  const subject = filters.text('Subject')
  const common = {
    keyId,
    // What is named itself is shown whatever became of it.
    states: uniqueKey
      ? mailingStates
      : (asked.length > 0 ? asked : usual).filter((state) => !unwanted.includes(state)),
    ...(isStarred !== undefined && { isStarred }),
    ...(subject !== undefined && { subject }),
  }
  if (kind === undefined) return { ...common, ...(wanted !== undefined && { idOfEither: wanted }) }
  if (kind === 'campaign') {
    return { ...common, isCampaign: true, ...(wanted !== undefined && { campaignId: wanted }) }
  }
  if (kind !== 'nl') return undefined
  return { ...common, isCampaign: false, ...(wanted !== undefined && { id: wanted as MailingId }) }
}
