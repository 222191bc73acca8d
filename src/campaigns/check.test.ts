/** What is found before a mailing is sent, on real rows. */
import assert from 'node:assert/strict'
import { createTestCampaigns } from '../../test/campaigns-world.ts'
import { addMembers, keyId, listId, makeMailing, readers } from '../../test/mailing-world.ts'
import { storageTest } from '../../test/storage.ts'
import { createProperty } from '../contacts/properties.ts'
import { createSegment } from '../contacts/segments.ts'
import type { ContactId } from '../mail/ids.ts'
import type { Storage } from '../storage/storage.ts'
import { sendMailing } from './change-state.ts'
import { lookThrough } from './check.ts'
import type { CampaignsContext } from './context.ts'
import { saveMailingContent } from './mailing-content.ts'
import { changeMailing } from './store-mailings.ts'

async function addProperty(storage: Storage, name: string, values: readonly [ContactId, string][]) {
  const property = await createProperty(storage, { keyId, name, type: 'str', now: 1 })
  assert.ok(property)
  for (const [contact_id, text] of values) {
    await storage.db
      .insertInto('contact_values')
      .values({
        ...{ contact_id, property_id: property.id },
        ...{ text_value: text, text_key: text, number_value: null },
      })
      .execute()
  }
}

async function written(ctx: CampaignsContext, html: string) {
  const mailing = await makeMailing(ctx)
  await saveMailingContent(ctx, mailing, { html, text: 'Hello' })
  return mailing
}

storageTest('a property that contacts do not have keeps it from being sent', async (_t, storage) => {
  const ctx = createTestCampaigns(storage)
  await addMembers(storage, readers(3))
  await addProperty(storage, 'firstname', [])
  const mailing = await written(ctx, '<p>Dear\n{{data:fistname}}</p>')
  const { problems } = await lookThrough(ctx, mailing, { purpose: 'send' })
  assert.deepEqual(problems, [
    {
      code: 'unknown-property',
      message:
        'HTML, line 2: data:fistname is used, so that no mail can be made, because contacts have no property fistname: was firstname meant?',
    },
  ])
  await assert.rejects(sendMailing(ctx, mailing), /is not ready: HTML, line 2: data:fistname/)
})

storageTest('it is made for the first recipients, and how many get nothing is told', async (_t, storage) => {
  const ctx = createTestCampaigns(storage)
  await addMembers(storage, [{ email: 'left@inbox.example', isUnsubscribed: true }, ...readers(30)])
  await addProperty(
    storage,
    'firstname',
    Array.from({ length: 15 }, (_, place) => [(1_001 + place) as ContactId, 'Ana']),
  )
  const mailing = await written(ctx, '<p>Dear {{data:firstname}}</p>')
  assert.deepEqual(await lookThrough(ctx, mailing, { purpose: 'send' }), {
    problems: [],
    warnings: [
      {
        code: 'some-not-made',
        message:
          'Of the first 20 recipients 5 would get nothing, and so would others like them: HTML, line 1: data:firstname has no value and no default: write {{data:firstname:"…"}}.',
      },
    ],
  })
  await storage.db.deleteFrom('contact_values').execute()
  const { problems } = await lookThrough(ctx, mailing, { purpose: 'send' })
  assert.deepEqual(
    problems.map(({ code, message }) => [code, message.slice(0, 63)]),
    [['nobody-made', 'Nothing could be made for any of the first 20 recipients: HTML,']],
  )
})

storageTest(
  'whom nobody would get it for: the list, the segment, or what they chose',
  async (_t, storage) => {
    const ctx = createTestCampaigns(storage)
    await addMembers(storage, [])
    await addProperty(storage, 'city', [])
    const draft = await makeMailing(ctx)
    const now = async (mailing = draft) => (await lookThrough(ctx, mailing, { purpose: 'send' })).problems
    assert.deepEqual(
      (await now()).map(({ code }) => code),
      ['empty-list'],
    )
    await addMembers(storage, [{ email: 'left@inbox.example', isUnsubscribed: true }], { firstId: 2_000 })
    assert.deepEqual(await now(), [
      {
        code: 'no-recipients',
        message: 'Nobody would get it: all on the list Readers have left it or are excluded.',
      },
    ])
    const segment = await createSegment(storage, {
      ...{ keyId, name: 'Lyon', description: '', expression: 'city = "Lyon"', now: 1 },
    })
    assert.ok(segment)
    const narrow = await changeMailing(ctx, draft, { listId, segmentId: segment.id })
    assert.deepEqual(
      (await now(narrow)).map(({ code }) => code),
      ['no-recipients'],
    )
    await addMembers(storage, [{ email: 'ana@inbox.example' }], { firstId: 3_000 })
    assert.deepEqual(
      (await now(narrow)).map(({ code }) => code),
      ['empty-segment'],
    )
    assert.deepEqual(await now(), [])
  },
)
