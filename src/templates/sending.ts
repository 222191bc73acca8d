/** Templates as mail uses them: found for a key, read and parsed once for each version. */
import type { Kysely } from 'kysely'
import { LRUCache } from 'lru-cache'
import type { KeyId, TemplateId } from '../mail/ids.ts'
import type { Schema } from '../storage/schema.ts'
import type { Content } from './content.ts'
import { type MailDefaults, mailDefaults } from './mail-defaults.ts'
import { type ParseOptions, parseTemplate } from './parse.ts'
import type { Template, TemplateError } from './template.ts'
import { currentContent } from './template-content.ts'

export type TemplateReference = { id: number } | { name: string }

export type UsableTemplate = {
  id: TemplateId
  name: string
  copyright: string
  content: Pick<Content, 'html' | 'text'>
  defaults: MailDefaults
  /** Parses a part; what was parsed before is not parsed again. */
  parse(source: string, options: ParseOptions): Template | TemplateError
}

/** All that the cache holds together: templates, and what was parsed of them. */
export const maxCachedBytes = 32 * 1024 * 1024
/** A template has a subject and two parts, each with line breaks of one kind or the other. */
const maxParsedParts = 6

// Measured with all kinds of templates: a piece takes 35 to 100 bytes. A character takes two at most.
const bytesPerPiece = 100
const bytesPerCharacter = 2
const bytesPerTemplate = 2_000

type Kept = { template: UsableTemplate; textCharacters: number; parsedBytes: number }

type Found = { id: TemplateId; name: string; copyright: string; version: number }

export function createTemplateShelf(db: Kysely<Schema>) {
  const known = new LRUCache<string, Kept>({
    maxSize: maxCachedBytes,
    sizeCalculation: ({ textCharacters, parsedBytes }) =>
      bytesPerTemplate + bytesPerCharacter * textCharacters + parsedBytes,
  })

  async function open({ id, name, copyright, version }: Found): Promise<UsableTemplate> {
    const place = `${id} ${version}`
    const cached = known.get(place)?.template
    if (cached !== undefined && cached.name === name && cached.copyright === copyright) return cached
    const { html, text, headers } = await currentContent(db, { id, version })
    const defaults = mailDefaults(headers)
    const parse = createParser((bytes) => {
      const before = kept
      // Another object, or the cache would not count it anew.
      kept = { ...kept, parsedBytes: kept.parsedBytes + bytes }
      if (known.peek(place) === before) known.set(place, kept)
    })
    const template = { id, name, copyright, content: { html, text }, defaults, parse }
    const texts = [name, copyright, html ?? '', text ?? '', ...Object.entries(headers).flat()]
    const textCharacters = texts.reduce((sum, one) => sum + one.length, 0)
    let kept: Kept = { template, textCharacters, parsedBytes: 0 }
    known.set(place, kept)
    return template
  }

  return {
    /**
     * What the key may send with: its own, and for a master key those of the user; by what was asked for. Of two with the
     * same name, its own. One query for all of them, and one for each whose content was not read yet.
     */
    async find<R extends TemplateReference>(
      keyId: KeyId,
      references: readonly R[],
    ): Promise<ReadonlyMap<R, UsableTemplate>> {
      const found = new Map<R, UsableTemplate>()
      if (references.length === 0) return found
      const rows = await usable(db, keyId, references)
      for (const reference of references) {
        const row = rows.find((one) =>
          'id' in reference ? one.id === reference.id : one.name === reference.name,
        )
        if (row !== undefined) found.set(reference, await open(row))
      }
      return found
    },

    /** What the cache takes in memory, about. */
    get sizeBytes(): number {
      return known.calculatedSize
    },
  }
}

export type TemplateShelf = ReturnType<typeof createTemplateShelf>

async function usable(
  db: Kysely<Schema>,
  keyId: KeyId,
  references: readonly TemplateReference[],
): Promise<Found[]> {
  const ids = references.flatMap((one) => ('id' in one ? [one.id as TemplateId] : []))
  const names = references.flatMap((one) => ('name' in one ? [one.name] : []))
  return db
    .selectFrom('templates')
    .select(['id', 'name', 'copyright', 'version'])
    .where('deleted_at', 'is', null)
    .where(({ and, eb, or, selectFrom }) =>
      or([
        and({ owner_type: 'apikey', owner_id: keyId }),
        and([
          eb('owner_type', '=', 'user'),
          eb(
            'owner_id',
            '=',
            selectFrom('api_keys').select('account_id').where('id', '=', keyId).where('is_master', '=', 1),
          ),
        ]),
      ]),
    )
    .where(({ eb, or }) =>
      or([
        ...(ids.length > 0 ? [eb('id', 'in', ids)] : []),
        ...(names.length > 0 ? [eb('name', 'in', names)] : []),
      ]),
    )
    .orderBy('owner_type')
    .execute()
}

/** `onKept`: told how many bytes each parsed part takes that is kept. */
function createParser(onKept: (bytes: number) => void): UsableTemplate['parse'] {
  const withPlaceholders = new Map<string, Template | TemplateError>()
  const without = new Map<string, Template | TemplateError>()
  return (source, options) => {
    const parsed = options.placeholders ? withPlaceholders : without
    const before = parsed.get(source)
    if (before !== undefined) return before
    const result = parseTemplate(source, options)
    if (withPlaceholders.size + without.size < maxParsedParts) {
      parsed.set(source, result)
      const pieces = 'pieces' in result ? result.pieces : 1
      onKept(bytesPerCharacter * source.length + bytesPerPiece * pieces)
    }
    return result
  }
}
