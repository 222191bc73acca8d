/** What clients say about a campaign draft or a newsletter, in our words. */
import { editModes, type Mailing, type MailingSettings } from '../../../../campaigns/mailing.ts'
import { findContactList } from '../../../../contacts/lists.ts'
import { listSegments } from '../../../../contacts/segments.ts'
import type { ContactListId, SegmentId } from '../../../../mail/ids.ts'
import type { Values } from '../../read-values.ts'
import type { Query } from '../../resource.ts'
import { badRequest } from '../../rest-errors.ts'
import type { Extra } from './draft-properties.ts'

const names = {
  Title: 'title',
  Subject: 'subject',
  Sender: 'senderLabel',
  SenderEmail: 'senderEmail',
  SenderName: 'senderName',
  ReplyEmail: 'replyTo',
  Locale: 'locale',
} as const

export async function readSettings(
  query: Query,
  { values, extras, before }: { values: Values; extras: readonly Extra[]; before: Mailing['extras'] },
): Promise<Partial<MailingSettings>> {
  const settings: Partial<MailingSettings> = {}
  for (const [name, field] of Object.entries(names)) {
    const given = values.text(name)
    if (given !== undefined) settings[field] = given
  }
  const mode = editModes.find((one) => one === values.text('EditMode'))
  if (mode !== undefined) settings.editMode = mode
  const isStarred = values.boolean('IsStarred')
  if (isStarred !== undefined) settings.isStarred = isStarred
  const reference = (name: string) => values.integer(`${name}ID`) ?? values.integer(name)
  const templateId = reference('Template')
  if (templateId !== undefined) settings.templateId = templateId || null
  const listId = reference('ContactsList') ?? (await listByAddress(query, values))
  // 0 takes it away.
  if (listId !== undefined) settings.listId = (listId || null) as ContactListId | null
  const segmentId = reference('Segmentation') ?? (await segmentByName(query, values))
  if (segmentId !== undefined) settings.segmentId = (segmentId || null) as SegmentId | null
  const given = extras.flatMap(({ name, type }) => {
    const value =
      type === 'text' ? values.text(name) : type === 'integer' ? values.integer(name) : values.boolean(name)
    return value === undefined ? [] : [[name, value] as const]
  })
  if (given.length > 0) settings.extras = { ...before, ...Object.fromEntries(given) }
  return settings
}

async function listByAddress({ db, keyId }: Query, values: Values): Promise<number | undefined> {
  const address = values.text('ContactsListALT')
  if (address === undefined || address === '') return undefined
  const found = await findContactList(db, { keyId, address })
  if (found === undefined)
    throw badRequest('Object properties invalid', 'There is no contacts list with that ContactsListALT')
  return found.id
}

async function segmentByName({ db, keyId }: Query, values: Values): Promise<number | undefined> {
  const name = values.text('SegmentationALT')
  if (name === undefined || name === '') return undefined
  const [found] = await listSegments(db, { keyId, name }, { limit: 1 })
  if (found === undefined)
    throw badRequest('Object properties invalid', 'There is no segmentation with that SegmentationALT')
  return found.id
}
