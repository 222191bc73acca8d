import assert from 'node:assert/strict'
import { storageTest } from '../../test/storage.ts'
import { addMail, addMessage, keyId, otherKey } from '../../test/webhook-calls-world.ts'
import type { MessageId } from '../mail/ids.ts'
import { ownMessageId } from '../mail/own-message-id.ts'
import type { Storage } from '../storage/storage.ts'
import { readMail } from './read-mail.ts'

const stored = '<mabc12.x-Y_z@mail.paravion.example>'

/** Of a campaign: its id for one recipient is made of the stored one. */
async function addCampaignMessage(storage: Storage): Promise<void> {
  await addMessage(storage, 101)
  await storage.db
    .updateTable('messages')
    .set({ header_message_id: stored, custom_id: 'spring', event_payload: '{"a":1}' })
    .where('id', '=', 101 as MessageId)
    .execute()
}

storageTest('an answer to mail of a campaign brings what the campaign was sent with', async (_t, storage) => {
  await addCampaignMessage(storage)
  await addMessage(storage, 102)
  const own = ownMessageId(stored, 4711)
  for (const [id, header, key, answered] of [
    [901, `In-Reply-To: ${own}`, keyId, ['spring', '{"a":1}']],
    [902, `References: <102@shop.example> ${own}`, keyId, ['spring', '{"a":1}']],
    [903, `In-Reply-To: <102@shop.example>\r\nReferences: ${own}`, keyId, ['C-102', '']],
    [904, `In-Reply-To: ${own}`, otherKey, ['', '']],
  ] as const) {
    const inboxId = await addMail(storage, { id, to: 'orders@shop.example', header })
    const mail = await readMail(storage, { inboxId, keyId: key })
    assert.deepEqual([mail?.customId, mail?.payload], answered, header)
  }
})
