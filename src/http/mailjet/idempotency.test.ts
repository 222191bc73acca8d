import assert from 'node:assert/strict'
import { httpStorageTest, httpTest } from '../../../test/http-server.ts'
import { silentLog } from '../../runtime/log.ts'
import { createIdempotency } from './idempotency.ts'

const call = (subject: string, to = 'lea@example.net') => ({
  Messages: [{ From: { Email: 'hello@shop.example' }, To: [{ Email: to }], Subject: subject, TextPart: 'x' }],
})
const v3 = { FromEmail: 'hello@shop.example', To: 'lea@example.net', Subject: 'v3', 'Text-part': 'x' }
const withKey = (name: string) => ({ headers: { 'idempotency-key': name } })

httpStorageTest('a repeated call gets the first answer, and is stored once', async (http) => {
  const first = await http.send(call('once'), withKey('k1'))
  const second = await http.send(call('once'), withKey('k1'))
  assert.equal(first.status, 200, first.text)
  assert.deepEqual([second.status, second.text], [200, first.text])
  assert.equal(first.headers['idempotent-replayed'], undefined)
  assert.equal(second.headers['idempotent-replayed'], 'true')
  assert.equal((await http.storedMessages()).length, 1)

  const third = await http.send(v3, { path: '/v3/send', ...withKey('k2') })
  const fourth = await http.send(v3, { path: '/v3/send', ...withKey('k2') })
  assert.equal(third.status, 200)
  assert.equal(fourth.text, third.text)
  assert.equal((await http.storedMessages()).length, 2)
})

httpStorageTest('calls at the same time: one is worked on, the others hear of it', async (http) => {
  const answers = await Promise.all(Array.from({ length: 8 }, () => http.send(call('race'), withKey('r'))))
  assert.equal((await http.storedMessages()).length, 1)
  const winners = new Set(answers.filter((answer) => answer.status === 200).map((answer) => answer.text))
  assert.equal(winners.size, 1)
  for (const answer of answers) {
    assert.ok(answer.status === 200 || answer.status === 409, answer.text)
    if (answer.status === 409) {
      const { ErrorIdentifier: _, ...rest } = answer.body as Record<string, unknown>
      assert.deepEqual(rest, {
        StatusCode: 409,
        ErrorMessage: 'A call with this Idempotency-Key is still being processed. Try again in a moment.',
      })
    }
  }
})

httpTest('another request under the same key is refused', async (http) => {
  await http.send(call('one'), withKey('k'))
  const answer = await http.send(call('two'), withKey('k'))
  assert.equal(answer.status, 422)
  assert.equal(
    (answer.body as { ErrorMessage: string }).ErrorMessage,
    'This Idempotency-Key was used for a different request. Use a new key for a new request.',
  )
  const other = await http.send(v3, { path: '/v3/send', ...withKey('k') })
  assert.deepEqual(other.body, {
    ErrorInfo: '',
    ErrorMessage: 'This Idempotency-Key was used for a different request. Use a new key for a new request.',
    StatusCode: 422,
  })
})

httpTest('what stored nothing leaves the key free; a mixed call keeps its answer', async (http) => {
  assert.equal((await http.send(call('bad', 'x'), withKey('k'))).status, 400)
  assert.equal((await http.send('{', withKey('k'))).status, 400)
  assert.equal((await http.send(call('good'), withKey('k'))).status, 200)

  const mixed = { Messages: [...call('a').Messages, ...call('b', 'x').Messages] }
  const first = await http.send(mixed, withKey('m'))
  assert.equal(first.status, 400)
  assert.equal((await http.send(mixed, withKey('m'))).text, first.text)
  assert.equal((await http.storedMessages()).length, 2)
})

httpTest('keys that are no keys are refused', async (http) => {
  for (const name of ['a'.repeat(256), 'é']) {
    const answer = await http.send(call('x'), withKey(name))
    assert.equal(answer.status, 400)
    assert.equal(
      (answer.body as { ErrorMessage: string }).ErrorMessage,
      'The Idempotency-Key must have 1 to 255 printable ASCII characters.',
    )
  }
})

httpTest('keys live a day; a reservation whose process died is free after ten minutes', async (http) => {
  let now = Date.now()
  const clock = { now: () => now, sleep: () => Promise.resolve() }
  const idempotency = createIdempotency({ storage: http.storage, clock, log: silentLog })
  const request = { keyId: http.keyId, name: 'k', path: '/v3.1/send', body: Buffer.from('x') }
  const first = await idempotency.reserve(request)
  assert.equal(first.kind, 'reserved')
  assert.equal((await idempotency.reserve(request)).kind, 'running')
  now += 10 * 60_000
  const again = await idempotency.reserve(request)
  assert.equal(again.kind, 'reserved')
  if (again.kind !== 'reserved') return
  await http.storage.commit({ writes: [again.reservation.answer(200, 'done')] })
  await again.reservation.release()
  assert.deepEqual(await idempotency.reserve(request), { kind: 'answered', status: 200, body: 'done' })
  now += 24 * 3_600_000
  assert.equal((await idempotency.reserve(request)).kind, 'reserved')
})
