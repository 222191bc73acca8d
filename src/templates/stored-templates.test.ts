import assert from 'node:assert/strict'
import { storageTest } from '../../test/storage.ts'
import type { AccountId, KeyId } from '../mail/ids.ts'
import type { Storage } from '../storage/storage.ts'
import {
  changeTemplate,
  createTemplate,
  deletedTemplateDays,
  deleteTemplate,
  purgeDeletedTemplates,
  TemplateNameIsTaken,
  undeleteTemplate,
} from './change-templates.ts'
import { findTemplate, listTemplates, type StoredTemplate } from './stored-templates.ts'
import { emptyContent, listVersions, readContent, restoreVersion, saveContent } from './template-content.ts'

const reader = { keyId: 1 as KeyId, accountId: 1 as AccountId, isMaster: true }
const now = Date.UTC(2026, 10, 27)

const add = (storage: Storage, name: string, details: object = {}) =>
  createTemplate(storage, { reader, details: { name, ...details }, now })

const save = async ({ db }: Storage, template: StoredTemplate, text: string) =>
  (
    await saveContent(db, template, {
      wanted: { text },
      others: 'empty',
      asker: { owner: 'test' },
      by: 'Ana',
      now,
    })
  ).template

storageTest('a version is restored as the newest', async (_t, storage) => {
  const { db } = storage
  const first = await save(storage, await add(storage, 'Welcome'), 'One')
  const second = await save(storage, first, 'Two')
  const { template, content } = await restoreVersion(db, second, { number: 1, by: 'Bob', now: now + 1 })

  assert.equal(content.text, 'One')
  assert.equal(template.version, 3)
  assert.deepEqual(await listVersions(db, template.id), [
    { number: 3, createdAt: now + 1, createdBy: 'Bob' },
    { number: 2, createdAt: now, createdBy: 'Ana' },
    { number: 1, createdAt: now, createdBy: 'Ana' },
  ])
  assert.equal((await readContent(db, template, 2))?.text, 'Two')
  await assert.rejects(
    restoreVersion(db, template, { number: 9, by: 'Bob', now }),
    /no version 9 any more; the latest 20 are kept/,
  )
})

storageTest('of two who save at once, the second is told', async (_t, storage) => {
  const template = await add(storage, 'Welcome')
  await save(storage, template, 'One')
  await assert.rejects(save(storage, template, 'Two'), /changed by somebody else meanwhile/)
  assert.equal((await listVersions(storage.db, template.id)).length, 1)
})

storageTest('a change leaves alone what it does not name', async (_t, storage) => {
  const { db } = storage
  const asRead = await add(storage, 'Welcome', { description: 'First' })
  await changeTemplate(db, asRead, { details: { name: 'Hello', isStarred: true }, now })
  // Whoever saves had read it before that, and was busy since.
  const content = { content: { ...emptyContent, text: 'One' }, by: 'Ana' }
  const saved = await changeTemplate(db, asRead, { details: { editMode: 'mjml' }, content, now: now + 1 })

  const found = await findTemplate(db, { reader, id: asRead.id })
  assert.deepEqual(saved, found)
  const { name, isStarred, editMode, description, version } = found
  assert.deepEqual(
    { name, isStarred, editMode, description, version },
    { name: 'Hello', isStarred: true, editMode: 'mjml', description: 'First', version: 1 },
  )
  await assert.rejects(
    changeTemplate(db, asRead, { details: { name: 'Late' }, content, now }),
    /changed by somebody else meanwhile/,
  )
  assert.equal((await findTemplate(db, { reader, id: asRead.id })).name, 'Hello')
})

storageTest('what was deleted meanwhile is not changed', async (_t, storage) => {
  const { db } = storage
  const template = await add(storage, 'Welcome')
  await deleteTemplate(db, { id: template.id, now })
  await assert.rejects(
    changeTemplate(db, template, { details: { name: 'Other' }, now: now + 1 }),
    /was deleted meanwhile/,
  )
  // Deleting it again is too late as well: its days are counted from the first time.
  await deleteTemplate(db, { id: template.id, now: now + 2 })
  const deleted = await findTemplate(db, { reader, id: template.id, isDeleted: true })
  assert.deepEqual([deleted.name, deleted.deletedAt, deleted.updatedAt], ['Welcome', now, now])
  await undeleteTemplate(db, { template: deleted, now })
  await assert.rejects(undeleteTemplate(db, { template: deleted, now }), /not among those that were deleted/)
})

storageTest('of two who take one name at once, the second is told', async (_t, storage) => {
  const templates = await Promise.all(['a', 'b', 'c', 'd'].map((name) => add(storage, name)))
  const results = await Promise.allSettled(
    templates.map((one) => changeTemplate(storage.db, one, { details: { name: 'Same' }, now })),
  )
  const problems = results.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []))
  assert.equal(problems.length, 3)
  for (const problem of problems) assert.ok(problem instanceof TemplateNameIsTaken, String(problem))
})

storageTest('a deleted template comes back within its days, and not after', async (_t, storage) => {
  const { db } = storage
  const template = await save(storage, await add(storage, 'Welcome'), 'One')
  await deleteTemplate(db, { id: template.id, now })
  const another = await add(storage, 'Welcome')
  const deleted = await findTemplate(db, { reader, id: template.id, isDeleted: true })
  await assert.rejects(undeleteTemplate(db, { template: deleted, now }), /a template 'Welcome' already/)
  await changeTemplate(db, another, { details: { name: 'Other' }, now })
  await undeleteTemplate(db, { template: deleted, now })
  assert.equal((await findTemplate(db, { reader, id: template.id })).deletedAt, null)

  await deleteTemplate(db, { id: template.id, now })
  const days = deletedTemplateDays * 86_400_000
  await purgeDeletedTemplates(db, now + days)
  assert.equal((await listTemplates(db, { reader, isDeleted: true }, { limit: 10 })).length, 1)
  await purgeDeletedTemplates(db, now + days + 1)
  assert.deepEqual(await listTemplates(db, { reader, isDeleted: true }, { limit: 10 }), [])
  assert.deepEqual(await listVersions(db, template.id), [])
  assert.equal((await listTemplates(db, { reader }, { limit: 10 })).length, 1)
})

storageTest('search finds words in names and descriptions, and signs as they are', async (_t, storage) => {
  const sale = await add(storage, '50% off', { description: 'The Summer sale' })
  const welcome = await add(storage, 'Welcome', { isStarred: true })
  const search = async (text: string) =>
    (await listTemplates(storage.db, { reader, search: text }, { limit: 10 })).map(({ id }) => id)
  assert.deepEqual(await search('summer'), [sale.id])
  assert.deepEqual(await search('0%'), [sale.id])
  assert.deepEqual(await search('_'), [])
  assert.deepEqual(await search(' WELC '), [welcome.id])
  const summer = await add(storage, 'Été')
  assert.deepEqual(await search('Été'), [summer.id])
  const starred = await listTemplates(storage.db, { reader, isStarred: true }, { limit: 10 })
  assert.deepEqual(
    starred.map(({ id }) => id),
    [welcome.id],
  )
})
