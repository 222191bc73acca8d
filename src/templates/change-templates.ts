/** Templates are made, changed, deleted and brought back: details and contents in one transaction. */
import type { Kysely } from 'kysely'
import type { TemplateId } from '../mail/ids.ts'
import { Refused } from '../runtime/refused.ts'
import type { Instant, Schema } from '../storage/schema.ts'
import { Conflict, type Storage } from '../storage/storage.ts'
import type { TemplateOwner } from '../storage/tables/templates.ts'
import {
  detailsOf,
  editModes,
  type StoredTemplate,
  type TemplateDetails,
  type TemplateReader,
  type TemplateRow,
  toTemplate,
} from './stored-templates.ts'
import { addVersion, type NewVersion } from './template-content.ts'
import { checkDetails } from './template-details.ts'

export class TemplateNameIsTaken extends Refused {
  constructor(name: string) {
    super('conflict', `there is a template '${name.slice(0, 200)}' already; take another name`)
  }
}

const unsaid: Omit<TemplateDetails, 'name'> = {
  author: '',
  description: '',
  copyright: '',
  editMode: 'html',
  locale: 'en_US',
  purposes: ['transactional'],
  categories: [],
  presets: '{}',
  isStarred: false,
  makesText: false,
}

/** Throws TemplateNameIsTaken, and Refused when a detail is wrong. */
export async function createTemplate(
  { db, reserveIds }: Pick<Storage, 'db' | 'reserveIds'>,
  {
    reader,
    ownerType = 'apikey',
    details,
    content,
    now,
  }: {
    reader: TemplateReader
    ownerType?: TemplateOwner
    details: Partial<TemplateDetails> & { name: string }
    /** Its first version; without it, nothing is in it yet. */
    content?: NewVersion
    now: Instant
  },
): Promise<StoredTemplate> {
  if (ownerType === 'user' && !reader.isMaster) {
    throw new Refused(
      'bad-value',
      'only the master key of the account makes templates of the user; make one of this API key (owner type apikey)',
    )
  }
  const checked = checkDetails({ ...unsaid, ...details })
  const id = (await reserveIds(1)) as TemplateId
  const row: TemplateRow = {
    ...toColumns(checked),
    id,
    owner_type: ownerType,
    owner_id: ownerType === 'user' ? reader.accountId : reader.keyId,
    version: 0,
    created_at: now,
    updated_at: now,
    deleted_at: null,
  }
  return db.transaction().execute(async (tx) => {
    const added = await tx
      .insertInto('templates')
      .values(row)
      .onConflict((conflict) => conflict.doNothing())
      .returning('id')
      .executeTakeFirst()
    if (added === undefined) throw new TemplateNameIsTaken(checked.name)
    const made = toTemplate(row)
    return content === undefined ? made : addVersion(tx, made, { ...content, now })
  })
}

/**
 * Writes what `details` name and nothing else: somebody may have changed the rest since `template` was read. Throws
 * TemplateNameIsTaken, and Refused when a detail is wrong, when the template was deleted meanwhile, and when `content` is
 * to follow a version that is not the latest any more; then nothing is changed.
 */
export async function changeTemplate(
  db: Kysely<Schema>,
  template: StoredTemplate,
  {
    details,
    content,
    now,
  }: { details: Partial<TemplateDetails>; content?: NewVersion | undefined; now: Instant },
): Promise<StoredTemplate> {
  const checked = checkDetails({ ...detailsOf(template), ...details })
  const said = Object.fromEntries(Object.entries(checked).filter(([detail]) => detail in details))
  return withFreeName(checked.name, () =>
    db.transaction().execute(async (tx) => {
      const row = await tx
        .updateTable('templates')
        .set({ ...toColumns(said), updated_at: now })
        .where('id', '=', template.id)
        .where('deleted_at', 'is', null)
        .returningAll()
        .executeTakeFirst()
      if (row === undefined)
        throw new Refused('not-found', `the template ${template.id} was deleted meanwhile`)
      const changed = toTemplate(row)
      if (content === undefined) return changed
      return addVersion(tx, { ...changed, version: template.version }, { ...content, now })
    }),
  )
}

/** What it sent stays as it is; the name is free again. */
export async function deleteTemplate(
  db: Kysely<Schema>,
  { id, now }: { id: TemplateId; now: Instant },
): Promise<void> {
  await db
    .updateTable('templates')
    .set({ deleted_at: now })
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .execute()
}

/** Throws TemplateNameIsTaken when another has its name by now, and Refused when it is not there any more. */
export async function undeleteTemplate(
  db: Kysely<Schema>,
  { template, now }: { template: StoredTemplate; now: Instant },
): Promise<StoredTemplate> {
  const row = await withFreeName(template.name, () =>
    db
      .updateTable('templates')
      .set({ deleted_at: null, updated_at: now })
      .where('id', '=', template.id)
      .where('deleted_at', 'is not', null)
      .returningAll()
      .executeTakeFirst(),
  )
  if (row !== undefined) return toTemplate(row)
  throw new Refused('not-found', `the template ${template.id} is not among those that were deleted any more`)
}

/** Deleted templates are kept for a while, for those who think again. */
export const deletedTemplateDays = 30

export async function purgeDeletedTemplates(db: Kysely<Schema>, now: Instant): Promise<void> {
  const before = now - deletedTemplateDays * 86_400_000
  await db.transaction().execute(async (tx) => {
    await tx
      .deleteFrom('template_versions')
      .where('template_id', 'in', ({ selectFrom }) =>
        selectFrom('templates').select('id').where('deleted_at', '<', before),
      )
      .execute()
    await tx.deleteFrom('templates').where('deleted_at', '<', before).execute()
  })
}

/** Of two who want one name at the same time, the database decides. */
async function withFreeName<Result>(name: string, write: () => Promise<Result>): Promise<Result> {
  try {
    return await write()
  } catch (error) {
    if (error instanceof Conflict) throw new TemplateNameIsTaken(name)
    throw error
  }
}

type Columns = Omit<TemplateRow, 'id' | `owner_${string}` | 'version' | `${string}_at`>

function toColumns(details: TemplateDetails): Columns
function toColumns(details: Partial<TemplateDetails>): Partial<Columns>
function toColumns({
  editMode,
  purposes,
  categories,
  isStarred,
  makesText,
  ...texts
}: Partial<TemplateDetails>): Partial<Columns> {
  return {
    ...texts,
    ...(editMode !== undefined && { edit_mode: editModes.indexOf(editMode) + 1 }),
    ...(purposes !== undefined && { purposes: JSON.stringify(purposes) }),
    ...(categories !== undefined && { categories: JSON.stringify(categories) }),
    ...(isStarred !== undefined && { is_starred: isStarred ? 1 : 0 }),
    ...(makesText !== undefined && { makes_text: makesText ? 1 : 0 }),
  }
}
