import assert from 'node:assert/strict'
import { storageTest } from '../../test/storage.ts'
import { forgetMore } from '../app/forget-more.ts'
import { putPreview, readPreview } from './preview-pages.ts'

const now = Date.UTC(2026, 10, 27)
const hour = 3_600_000
const asker = { owner: 'test' }

storageTest('a preview is shown for an hour after its last change', async (_t, { db }) => {
  const token = await putPreview(db, { token: undefined, html: 'One', asker, now })
  assert.match((await readPreview(db, { token, now: now + hour })) ?? '', /One$/)
  assert.equal(await readPreview(db, { token, now: now + hour + 1 }), undefined)
  assert.equal(await putPreview(db, { token, html: 'Two', asker, now: now + hour }), token)
  assert.match((await readPreview(db, { token, now: now + 2 * hour })) ?? '', /Two$/)
})

storageTest('previews are forgotten, also where nobody makes another', async (_t, storage) => {
  const { db } = storage
  await putPreview(db, { token: undefined, html: 'Old', asker, now })
  await putPreview(db, { token: undefined, html: 'New', asker, now: now + 1 })
  const ages = { bodiesDays: 1, messagesDays: 1, logDays: 1 }
  await forgetMore(storage, { ...ages, now: now + hour + 1 })
  const kept = await db.selectFrom('template_previews').select('html').execute()
  assert.deepEqual(
    kept.map(({ html }) => html.slice(-3)),
    ['New'],
  )
})
