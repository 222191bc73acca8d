import assert from 'node:assert/strict'
import { storageTest } from '../../test/storage.ts'
import { createApiKey } from '../accounts/api-keys.ts'
import type { Storage } from '../storage/storage.ts'
import { createTemplate } from './change-templates.ts'
import { createTemplateShelf, maxCachedBytes } from './sending.ts'
import { emptyContent, type StoredContent } from './template-content.ts'

const now = Date.UTC(2026, 10, 27)

async function makeShelf(storage: Storage) {
  const { key } = await createApiKey(storage, { name: 'test', now })
  const reader = { keyId: key.id, accountId: key.accountId, isMaster: true }
  const shelf = createTemplateShelf(storage.db)
  return {
    shelf,
    async add(name: string, content: Partial<StoredContent>) {
      const version = { content: { ...emptyContent, ...content }, by: 'Ana' }
      const { id } = await createTemplate(storage, { reader, details: { name }, content: version, now })
      const reference = { id }
      return async () => {
        const found = (await shelf.find(key.id, [reference])).get(reference)
        assert.ok(found !== undefined)
        return found
      }
    },
  }
}

storageTest('the cache of templates counts what was parsed, and MJML is not in it', async (_t, storage) => {
  const { shelf, add } = await makeShelf(storage)
  const html = '{{var:a}}'.repeat(10_000)
  const open = await add('Dense', { html, mjml: 'x'.repeat(100_000) })
  const template = await open()
  const unparsed = shelf.sizeBytes
  assert.ok(unparsed >= html.length && unparsed < 3 * html.length, String(unparsed))

  template.parse(html, { placeholders: true })
  // About 22 bytes for each of its characters, measured.
  const parsed = shelf.sizeBytes
  assert.ok(parsed > 20 * html.length, String(parsed))
  template.parse(html, { placeholders: true })
  assert.equal(shelf.sizeBytes, parsed)
  template.parse(html, { placeholders: false })
  assert.ok(shelf.sizeBytes > parsed)
  assert.equal(await open(), template)
})

storageTest('the cache of templates stays within its bounds', async (_t, storage) => {
  const { shelf, add } = await makeShelf(storage)
  const html = '{{1}}'.repeat(39_000)
  const first = await add('First', { html })
  const template = await first()
  for (let number = 0; number < 3; number++) {
    const open = await add(`Next ${number}`, { html })
    const next = await open()
    for (const subject of ['', 'a', 'b']) next.parse(html + subject, { placeholders: true })
    assert.ok(shelf.sizeBytes <= maxCachedBytes)
  }
  assert.notEqual(await first(), template, 'the oldest had to go')
})
