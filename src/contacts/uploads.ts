/** Files on their way into the contacts, kept in parts that fit into memory. */
import type { ContactListId, KeyId, UploadId } from '../mail/ids.ts'
import { Refused } from '../runtime/refused.ts'
import type { Storage } from '../storage/storage.ts'
import type { ContactsContext } from './context.ts'

export const maxUploadBytes = 1024 * 1024 * 1024
const partBytes = 256 * 1024
const longestFirstLine = 64 * 1024
const dayMs = 86_400_000
const keptMs = 7 * dayMs

export type Upload = { id: UploadId; sizeBytes: number }

/** Takes the content as it arrives. What breaks off is no upload. */
export async function storeUpload(
  { storage, clock }: Pick<ContactsContext, 'storage' | 'clock'>,
  {
    keyId,
    listId,
    content,
  }: {
    keyId: KeyId
    listId: ContactListId | null
    content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>
  },
): Promise<Upload> {
  const { db } = storage
  const id = (await storage.reserveIds(1)) as UploadId
  const row = { id, key_id: keyId, list_id: listId, is_complete: 0 as const, created_at: clock.now() }
  await db
    .insertInto('contact_uploads')
    .values({ ...row, size_bytes: 0 })
    .execute()
  let sizeBytes = 0
  let number = 0
  let waiting: Uint8Array[] = []
  let waitingBytes = 0
  const flush = async () => {
    if (waitingBytes === 0) return
    const part = { upload_id: id, number, content: Buffer.concat(waiting) }
    await db.insertInto('contact_upload_parts').values(part).execute()
    number += 1
    waiting = []
    waitingBytes = 0
  }
  try {
    for await (const chunk of content) {
      sizeBytes += chunk.length
      if (sizeBytes > maxUploadBytes) {
        throw new Refused('too-large', `the file is larger than ${maxUploadBytes} bytes; send it in pieces`)
      }
      waiting.push(chunk)
      waitingBytes += chunk.length
      if (waitingBytes >= partBytes) await flush()
    }
    await flush()
    await db
      .updateTable('contact_uploads')
      .set({ size_bytes: sizeBytes, is_complete: 1 })
      .where('id', '=', id)
      .execute()
  } catch (error) {
    await dropUpload(storage, id)
    throw error
  }
  return { id, sizeBytes }
}

export async function findUpload(
  { db }: Pick<Storage, 'db'>,
  { keyId, id }: { keyId: KeyId; id: UploadId },
): Promise<Upload | undefined> {
  return db
    .selectFrom('contact_uploads')
    .select(['id', 'size_bytes as sizeBytes'])
    .where('key_id', '=', keyId)
    .where('id', '=', id)
    .where('is_complete', '=', 1)
    .executeTakeFirst()
}

export async function* readUpload({ db }: Pick<Storage, 'db'>, id: UploadId): AsyncGenerator<Buffer> {
  for (let number = 0; ; number++) {
    const part = await db
      .selectFrom('contact_upload_parts')
      .select('content')
      .where('upload_id', '=', id)
      .where('number', '=', number)
      .executeTakeFirst()
    if (part === undefined) return
    yield Buffer.from(part.content)
  }
}

/** Without its line end; '' of an empty file. */
export async function firstLineOf({ db }: Pick<Storage, 'db'>, id: UploadId): Promise<string> {
  const part = await db
    .selectFrom('contact_upload_parts')
    .select('content')
    .where('upload_id', '=', id)
    .where('number', '=', 0)
    .executeTakeFirst()
  const text = Buffer.from(part?.content ?? [])
    .subarray(0, longestFirstLine)
    .toString('utf8')
  return text.replace(/^\u{feff}/u, '').split(/\r?\n/, 1)[0] ?? ''
}

export async function dropUpload({ db }: Pick<Storage, 'db'>, id: UploadId): Promise<void> {
  await db.deleteFrom('contact_upload_parts').where('upload_id', '=', id).execute()
  await db.deleteFrom('contact_uploads').where('id', '=', id).execute()
}

/** Those that are a week old and that no unfinished job needs. */
export async function dropOldUploads({ db }: Pick<Storage, 'db'>, now: number): Promise<void> {
  const old = await db
    .selectFrom('contact_uploads')
    .select('id')
    .where('created_at', '<', now - keptMs)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('contact_jobs')
            .select('contact_jobs.id')
            .whereRef('contact_jobs.upload_id', '=', 'contact_uploads.id')
            .where('contact_jobs.ended_at', 'is', null),
        ),
      ),
    )
    .execute()
  for (const { id } of old) await dropUpload({ db }, id)
}
