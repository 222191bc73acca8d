import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ReceivedRow } from './inbox.ts'
import { createRowBatches } from './row-batches.ts'

const row = (recipient: string, size = 10): ReceivedRow => ({
  received_at: 0,
  envelope_from: '',
  recipient,
  header_from: '',
  subject: '',
  dkim: 'none',
  spf: 'none',
  dmarc: 'none',
  tls: '',
  authentication_results: '',
  content: new Uint8Array(size),
})

test('a lone message goes at once, the next ones together when it has arrived', async () => {
  const sent: string[][] = []
  const answers: PromiseWithResolvers<void>[] = []
  const store = createRowBatches((rows) => {
    sent.push(rows.map(({ recipient }) => recipient))
    const answer = Promise.withResolvers<void>()
    answers.push(answer)
    return answer.promise
  })

  const first = store([row('a')])
  const second = store([row('b'), row('c')])
  const third = store([row('d')])
  assert.deepEqual(sent, [['a']])
  answers[0]?.resolve()
  await first
  assert.deepEqual(sent, [['a'], ['b', 'c', 'd']])

  const failed = Promise.all([assert.rejects(second, /disk full/), assert.rejects(third, /disk full/)])
  answers[1]?.reject(new Error('disk full'))
  await failed
  const fourth = store([row('e')])
  answers[2]?.resolve()
  await fourth
  assert.deepEqual(sent.at(-1), ['e'])
})

test('a batch is bounded in rows and in bytes, and one message is never split', async () => {
  const counts: number[] = []
  const store = createRowBatches(async (rows) => {
    counts.push(rows.length)
    await Promise.resolve()
  })
  const many = Array.from({ length: 700 }, (_, at) => row(`${at}`))
  await Promise.all([
    store([row('first')]),
    store(many),
    store(many.slice(0, 300)),
    store(many.slice(0, 100)),
  ])
  assert.deepEqual(counts, [1, 700, 400])

  counts.length = 0
  const large = row('large', 5 * 1024 * 1024)
  await Promise.all([store([large]), store([large]), store([large])])
  assert.deepEqual(counts, [1, 1, 1])
})
