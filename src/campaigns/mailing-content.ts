/** What a mailing says. */
import type { Kysely } from 'kysely'
import type { MailingId } from '../mail/ids.ts'
import { Refused } from '../runtime/refused.ts'
import type { Instant, Schema } from '../storage/schema.ts'
import type { Storage } from '../storage/storage.ts'
import { fillParts, type WantedContent } from '../templates/fill-parts.ts'
import type { Asker } from '../templates/run-in-process.ts'
import type { StoredContent } from '../templates/template-content.ts'
import { changedAt, type Mailing } from './mailing.ts'
import { refuseChange } from './refuse-change.ts'
import { afterChange } from './states.ts'

export type MailingContent = StoredContent & {
  /** New with each change; 0 while there is none. */
  contentId: number
}

const empty: MailingContent = {
  html: null,
  text: null,
  mjml: null,
  headers: {},
  htmlFromMjml: false,
  textFromHtml: false,
  contentId: 0,
}

export async function readMailingContent(db: Kysely<Schema>, id: MailingId): Promise<MailingContent> {
  const row = await db
    .selectFrom('mailing_contents')
    .selectAll()
    .where('mailing_id', '=', id)
    .executeTakeFirst()
  if (row === undefined) return empty
  return {
    html: row.html,
    text: row.text,
    mjml: row.mjml,
    headers: JSON.parse(row.headers) as Record<string, string>,
    htmlFromMjml: row.html_from_mjml === 1,
    textFromHtml: row.text_from_html === 1,
    contentId: row.content_id,
  }
}

/**
 * Parts that are left out stay, or with `isWhole` go. HTML is compiled from MJML where there is no other, and the text
 * made from the HTML. `readContentId`: what it was changed from; when another is stored by now, that one stays. Throws
 * `Refused`.
 */
export async function saveMailingContent(
  { storage, clock }: { storage: Storage; clock: { now(): Instant } },
  mailing: Mailing,
  wanted: WantedContent,
  {
    isWhole = false,
    makesText = true,
    readContentId,
    asker = { owner: `key ${mailing.keyId}` },
  }: { isWhole?: boolean; makesText?: boolean; readContentId?: number | undefined; asker?: Asker } = {},
): Promise<MailingContent> {
  if (afterChange('edit', mailing) === undefined) throw refuseChange('edit', mailing)
  const before = isWhole ? empty : await readMailingContent(storage.db, mailing.id)
  const content = await fillParts(wanted, { before, makesText, asker })
  const row = {
    content_id: await storage.reserveIds(1),
    html: content.html,
    text: content.text,
    mjml: content.mjml,
    headers: JSON.stringify(content.headers),
    html_from_mjml: content.htmlFromMjml ? 1 : 0,
    text_from_html: content.textFromHtml ? 1 : 0,
  } as const
  await storage.db.transaction().execute(async (tx) => {
    const { numUpdatedRows } = await tx
      .updateTable('mailings')
      .set({ modified_at: changedAt(clock.now()) })
      .where('id', '=', mailing.id)
      .where('state', '=', mailing.state)
      .executeTakeFirstOrThrow()
    // Somebody sent it in the meantime.
    if (Number(numUpdatedRows) !== 1) throw refuseChange('edit', { ...mailing, state: 'sending' })
    // Whoever saves has the row of the mailing first: from here on nobody else does.
    if (readContentId !== undefined && readContentId !== (await storedContentId(tx, mailing.id))) {
      throw new Refused(
        'conflict',
        `the content of campaign ${mailing.id} was changed by somebody else meanwhile; read it again, then save`,
      )
    }
    await tx
      .insertInto('mailing_contents')
      .values({ mailing_id: mailing.id, ...row })
      .onConflict((conflict) => conflict.column('mailing_id').doUpdateSet(row))
      .execute()
  })
  return { ...content, contentId: row.content_id }
}

async function storedContentId(db: Kysely<Schema>, id: MailingId): Promise<number> {
  const row = await db
    .selectFrom('mailing_contents')
    .select('content_id')
    .where('mailing_id', '=', id)
    .executeTakeFirst()
  return row?.content_id ?? empty.contentId
}
