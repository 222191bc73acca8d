import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseReplyLines } from '../mail/reply.ts'
import { judgeFailure, judgeTransaction } from './outcomes.ts'
import type { TransactionResult } from './transaction.ts'

function reply(line: string) {
  const parsed = parseReplyLines([line])
  assert.ok(parsed)
  return parsed
}
const ok = reply('250 2.0.0 ok')
const go = reply('354 go ahead')
const lost = (stage: 'mail' | 'rcpt' | 'data' | 'final') => ({ kind: 'closed' as const, text: 'gone', stage })

describe('judgeTransaction', () => {
  const cases: [name: string, result: TransactionResult, attempts: number[], expected: string[]][] = [
    ['taken', { mail: ok, recipients: [ok], data: go, final: ok }, [1], ['delivered 250']],
    [
      'MAIL refused',
      { mail: reply('550 5.7.1 no'), recipients: [] },
      [1, 1],
      ['failed policy 550', 'failed policy 550'],
    ],
    [
      'each recipient by its own reply',
      {
        mail: ok,
        recipients: [reply('550 5.1.1 no such user'), ok, reply('452 4.2.2 over quota')],
        data: go,
        final: ok,
      },
      [1, 1, 1],
      ['failed invalid-recipient 550', 'delivered 250', 'deferred mailbox-full 452'],
    ],
    [
      'DATA refused',
      { mail: ok, recipients: [ok], data: reply('451 4.3.0 later') },
      [1],
      ['deferred transient 451'],
    ],
    [
      '421 as the last word',
      { mail: ok, recipients: [ok], data: go, final: reply('421 4.3.2 bye'), loss: lost('final') },
      [1],
      ['deferred transient 421'],
    ],
    [
      'lost between recipients',
      { mail: ok, recipients: [reply('550 5.1.1 no such user')], loss: lost('rcpt') },
      [1, 1],
      ['failed invalid-recipient 550', 'deferred connection -'],
    ],
    [
      'lost after the dot',
      { mail: ok, recipients: [ok], data: go, loss: lost('final') },
      [1],
      ['deferred connection - wait 1200000'],
    ],
    ['taken in a chunk', { mail: ok, recipients: [ok], final: ok }, [1], ['delivered 250']],
    [
      'a chunk refused',
      { mail: ok, recipients: [ok], final: reply('554 5.7.1 message looks like spam') },
      [1],
      ['failed spam-content 554'],
    ],
    [
      'lost after the chunk',
      { mail: ok, recipients: [ok], loss: lost('final') },
      [1],
      ['deferred connection - wait 1200000'],
    ],
    ['lost at DATA', { mail: ok, recipients: [ok], loss: lost('data') }, [1], ['deferred connection -']],
    ['a code that means nothing', { mail: ok, recipients: [go], data: go }, [1], ['deferred connection 354']],
    [
      'relaying denied: once more',
      { mail: ok, recipients: [reply('550 5.7.1 relaying denied')] },
      [1],
      ['deferred relay-denied 550'],
    ],
    [
      'relaying denied again',
      { mail: ok, recipients: [reply('550 5.7.1 relaying denied')] },
      [2],
      ['failed relay-denied 550'],
    ],
  ]
  for (const [name, result, attempts, expected] of cases) {
    test(name, () => {
      const { outcomes } = judgeTransaction(result, { host: 'mx.example.net', attempts })
      const told = outcomes.map((outcome) => {
        const words = [
          outcome.kind,
          outcome.kind === 'delivered' ? undefined : outcome.class,
          outcome.code ?? '-',
        ]
        const wait =
          outcome.kind === 'deferred' && outcome.retryAfterMs ? ` wait ${outcome.retryAfterMs}` : ''
        return words.filter((word) => word !== undefined).join(' ') + wait
      })
      assert.deepEqual(told, expected)
    })
  }

  test('what a site says is passed on once, however many recipients heard it', () => {
    const slow = reply('451 4.7.0 too many connections from your host')
    const result = { mail: ok, recipients: [slow, slow, slow] }
    const { signals } = judgeTransaction(result, { host: 'mx.example.net', attempts: [1, 1, 1] })
    assert.deepEqual(
      signals.map(({ action }) => action),
      ['one-connection'],
    )
  })
})

describe('judgeFailure: the message waits, whatever the code', () => {
  const cases: [
    line: string | undefined,
    stage: 'connect' | 'greeting' | 'starttls' | 'auth',
    expected: string,
  ][] = [
    [undefined, 'connect', 'connection'],
    ['554 5.7.1 blocked using spamhaus', 'greeting', 'dnsbl'],
    ['454 4.7.0 TLS not available', 'starttls', 'tls'],
    ['535 5.7.8 authentication failed', 'auth', 'relay-denied'],
  ]
  for (const [line, stage, expected] of cases) {
    test(`${stage} ${line ?? 'without an answer'}`, () => {
      const said = line === undefined ? {} : { reply: reply(line) }
      const { outcome } = judgeFailure({ stage, text: line ?? 'refused', ...said }, 'mx.example.net')
      assert.deepEqual([outcome.kind, outcome.kind === 'deferred' && outcome.class], ['deferred', expected])
    })
  }
})
