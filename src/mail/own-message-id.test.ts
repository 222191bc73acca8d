import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ownMessageId, withStoredMessageIds } from './own-message-id.ts'

test('the stored Message-ID is found again in that of one recipient', () => {
  const stored = '<mh3k2a.Zk-x_9QpLmNo@shop.example>'
  const own = ownMessageId(stored, 100_000_000_018)
  assert.equal(own, `<${(100_000_000_018).toString(36)}.mh3k2a.Zk-x_9QpLmNo@shop.example>`)
  assert.deepEqual(withStoredMessageIds([own, '<a@b.example>']), [own, stored, '<a@b.example>'])
  assert.deepEqual(withStoredMessageIds([stored]), [stored])
})
