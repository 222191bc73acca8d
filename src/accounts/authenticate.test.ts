import assert from 'node:assert/strict'
import { storageTest } from '../../test/storage.ts'
import type { Storage } from '../storage/storage.ts'
import { createApiKey, rotateApiKey, suspendApiKey } from './api-keys.ts'
import { createAuthenticator } from './authenticate.ts'

async function setUp(storage: Storage) {
  let now = 1_700_000_000_000
  const clock = { now: () => now, sleep: async () => {} }
  const { key, secret } = await createApiKey(storage, { name: 'Shop', now })
  const authenticator = createAuthenticator({ storage, clock })
  const as = (publicKey: string, secret: string, remoteAddress = '192.0.2.1') =>
    authenticator.authenticate({ publicKey, secret, remoteAddress })
  return { key, secret, authenticator, as, pass: (ms: number) => (now += ms) }
}

storageTest(
  'the right secret is let in, everything else is denied in the same words',
  async (_t, storage) => {
    const { key, secret, as } = await setUp(storage)
    assert.deepEqual(await as(key.publicKey, secret), { kind: 'ok', key })

    const wrong: [publicKey: string, secret: string][] = [
      [key.publicKey, secret.toUpperCase()],
      [key.publicKey, ''],
      [key.publicKey, 'x'.repeat(100_000)],
      ['0'.repeat(32), secret],
      ['', ''],
      ["' OR 1=1 --", secret],
      ['x'.repeat(100_000), secret],
    ]
    for (const [publicKey, attempt] of wrong) {
      assert.deepEqual(await as(publicKey, attempt), { kind: 'denied' }, publicKey.slice(0, 40))
    }
  },
)

storageTest('only who knows the secret learns that a key is suspended', async (_t, storage) => {
  const { key, secret, authenticator, as } = await setUp(storage)
  await as(key.publicKey, secret)
  const suspended = await suspendApiKey(storage, key.id)
  authenticator.forget(key.publicKey)

  assert.deepEqual(await as(key.publicKey, secret), { kind: 'suspended', key: suspended })
  assert.deepEqual(await as(key.publicKey, 'guess'), { kind: 'denied' })
})

storageTest('a change made elsewhere counts after five seconds', async (_t, storage) => {
  const { key, secret, as, pass } = await setUp(storage)
  await as(key.publicKey, secret)
  const rotated = await rotateApiKey(storage, key.id, { now: 1 })

  assert.equal((await as(key.publicKey, secret)).kind, 'ok')
  pass(5_000)
  assert.equal((await as(key.publicKey, secret)).kind, 'denied')
  assert.equal((await as(key.publicKey, rotated.secret)).kind, 'ok')
})

storageTest('guessing is slowed, whether the key exists or not', async (_t, storage) => {
  const { key, secret, as, pass } = await setUp(storage)
  for (const [publicKey, address] of [
    [key.publicKey, '192.0.2.7'] as const,
    ['0'.repeat(32), '192.0.2.8'] as const,
  ]) {
    for (let guess = 0; guess < 10; guess++) {
      assert.deepEqual(await as(publicKey, `guess ${guess}`, address), { kind: 'denied' })
    }
    assert.deepEqual(await as(publicKey, secret, address), { kind: 'throttled', retryAfterMs: 1_000 })
  }
  assert.equal((await as(key.publicKey, secret, '192.0.2.9')).kind, 'ok')
  pass(1_000)
  assert.equal((await as(key.publicKey, secret, '192.0.2.7')).kind, 'ok')
})

storageTest('guesses made all at once get ten tries, not a thousand', async (_t, storage) => {
  const { key, as } = await setUp(storage)
  const answers = await Promise.all(
    Array.from({ length: 1_000 }, (_, guess) => as(key.publicKey, `guess ${guess}`)),
  )
  assert.equal(answers.filter(({ kind }) => kind === 'denied').length, 10)
  assert.equal(answers.filter(({ kind }) => kind === 'throttled').length, 990)
})
