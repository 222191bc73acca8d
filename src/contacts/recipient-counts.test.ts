import assert from 'node:assert/strict'
import type { KyselyPlugin } from 'kysely'
import { storageTest } from '../../test/storage.ts'
import type { ContactListId, KeyId } from '../mail/ids.ts'
import { Refused } from '../runtime/refused.ts'
import type { Storage } from '../storage/storage.ts'
import { createContactList } from './lists.ts'
import { createRecipientCounts } from './recipient-counts.ts'
import { readValues, saveContacts } from './save-contacts.ts'
import { changeSegment, createSegment } from './segments.ts'

const keyId = 1 as KeyId
const start = Date.parse('2026-03-10T15:00:00Z')

async function setUp(storage: Storage) {
  let now = start
  const clock = { now: () => now, sleep: async () => {} }
  const lists = [
    await createContactList(storage, { keyId, name: 'first', now }),
    await createContactList(storage, { keyId, name: 'second', now }),
  ] as const
  const add = (listId: ContactListId, ...emails: string[]) =>
    saveContacts(
      { storage, clock, suppressionCheck: { forget: () => undefined } },
      {
        ...{ keyId, origin: '', targets: [{ listId, action: 'addforce' }] },
        contacts: emails.map((email) => ({ email, values: readValues([], new Map()).values })),
      },
    )
  const watch = watchCounts()
  const { count } = createRecipientCounts({ storage: { db: storage.db.withPlugin(watch.plugin) }, clock })
  const [{ id: listId }, { id: otherId }] = lists
  return { ...{ listId, otherId, add, count, watch }, pass: (ms: number) => (now += ms) }
}

/** Sees the counts that the database is asked for. */
function watchCounts() {
  const running = new Set<object>()
  const seen = { started: 0, atOnce: 0 }
  const plugin: KyselyPlugin = {
    transformQuery({ node, queryId }) {
      if (node.kind === 'SelectQueryNode' && node.groupBy !== undefined) {
        running.add(queryId)
        seen.started += 1
        seen.atOnce = Math.max(seen.atOnce, running.size)
      }
      return node
    },
    async transformResult({ result, queryId }) {
      running.delete(queryId)
      return result
    },
  }
  return { plugin, seen }
}

storageTest('a count is kept for a minute, and says when it was made', async (_t, storage) => {
  const { listId, otherId, add, count, pass, watch } = await setUp(storage)
  await add(listId, 'ana@a.test')
  const first = { recipients: 1, excluded: {}, countedAt: start }
  assert.deepEqual(await count({ keyId, listId }), first)
  await add(listId, 'ben@a.test')
  pass(59_999)
  assert.deepEqual(await count({ keyId, listId }), first)
  assert.equal((await count({ keyId, listId: otherId })).recipients, 0, 'another list is counted by itself')
  assert.equal(watch.seen.started, 2)
  pass(1)
  assert.deepEqual(await count({ keyId, listId }), { recipients: 2, excluded: {}, countedAt: start + 60_000 })
})

storageTest('one count runs at a time, and who asks for the same shares it', async (_t, storage) => {
  const { listId, otherId, add, count, watch } = await setUp(storage)
  await add(listId, 'ana@a.test')
  const counts = await Promise.all([
    count({ keyId, listId }),
    count({ keyId, listId }),
    count({ keyId, listId: otherId }),
    count({ keyId, listId, segment: { expression: 'HasOpenedSince(30)' } }),
  ])
  assert.deepEqual(
    counts.map(({ recipients }) => recipients),
    [1, 1, 0, 0],
  )
  assert.deepEqual(watch.seen, { started: 3, atOnce: 1 })
})

storageTest(
  'a segment that is changed is counted anew; one that fails stops no other',
  async (_t, storage) => {
    const { listId, add, count } = await setUp(storage)
    await add(listId, 'ana@a.test')
    const made = await createSegment(storage, {
      ...{ keyId, name: 'readers', description: '', expression: 'HasOpenedSince(30)', now: start },
    })
    assert.ok(made)
    const segment = { id: made.id }
    assert.equal((await count({ keyId, listId, segment })).recipients, 0)
    await changeSegment(storage.db, { ...made, keyId }, { expression: 'not HasOpenedSince(30)', now: start })
    assert.equal((await count({ keyId, listId, segment })).recipients, 1)
    const broken = count({ keyId, listId, segment: { expression: 'age <' } })
    const whole = count({ keyId, listId })
    await assert.rejects(broken, Refused)
    assert.equal((await whole).recipients, 1)
  },
)
