import assert from 'node:assert/strict'
import { storageTest } from '../../test/storage.ts'
import { keyId } from '../../test/webhook-calls-world.ts'
import { createTestWebhooks } from '../../test/webhooks-world.ts'
import { addCallback, addCallbacks } from './callbacks.ts'
import { openHook } from './post-body.ts'
import { rotateSecret } from './rotate-secret.ts'
import { selectWebhooks } from './webhooks.ts'

storageTest(
  'those that were added together have one secret, before and after it is made anew',
  async (_t, storage) => {
    const ctx = createTestWebhooks(storage)
    const url = 'https://app.example/events'
    const together = await addCallbacks(ctx, { keyId, topics: ['delivered', 'bounced', 'opened'], url })
    const alone = await addCallback(ctx, { keyId, topic: 'clicked', url })
    const secretsOf = async () => {
      const rows = await selectWebhooks(storage.db, { keyId }).execute()
      return rows.map((row) => openHook(ctx, row).secrets)
    }
    const [, bounced] = together.webhooks
    assert.ok(bounced !== undefined)

    const rotated = await rotateSecret(ctx, bounced.id)
    assert.deepEqual(
      rotated.webhooks.map(({ topic }) => topic),
      ['delivered', 'bounced', 'opened'],
    )
    const both = [rotated.secret, together.secret]
    assert.deepEqual(await secretsOf(), [both, both, both, [alone.secret]])

    const again = await rotateSecret(ctx, alone.webhook.id)
    assert.deepEqual((await secretsOf()).slice(2), [both, [again.secret, alone.secret]])
    assert.equal(again.webhooks.length, 1)
    await storage.db.deleteFrom('webhooks').where('id', '=', alone.webhook.id).execute()
    await assert.rejects(rotateSecret(ctx, alone.webhook.id), { code: 'not-found' })
  },
)
