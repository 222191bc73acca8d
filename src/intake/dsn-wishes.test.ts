import assert from 'node:assert/strict'
import { test } from 'node:test'
import { afterDelay, type Notice, wants } from './dsn-wishes.ts'

const cases: [dsn: string | undefined, notices: Notice[]][] = [
  [undefined, ['failed']],
  ['ORCPT=rfc822;NOTIFY=NEVER@a.test', ['failed']],
  ['NOTIFY=NEVER', []],
  ['NOTIFY=SUCCESS', ['relayed']],
  ['notify=delay,failure', ['failed', 'delayed']],
  ['NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;a@b.test', ['failed', 'delayed', 'relayed']],
]
for (const [dsn, expected] of cases) {
  test(`${dsn} asks for ${expected.join(', ') || 'nothing'}`, () => {
    const all: Notice[] = ['failed', 'delayed', 'relayed']
    assert.deepEqual(
      all.filter((notice) => wants(dsn, notice)),
      expected,
    )
  })
}

test('a delay is asked for once', () => {
  assert.equal(
    afterDelay('NOTIFY=FAILURE,DELAY ORCPT=rfc822;a@b.test'),
    'NOTIFY=FAILURE ORCPT=rfc822;a@b.test',
  )
  assert.equal(afterDelay('ORCPT=rfc822;a@b.test NOTIFY=DELAY'), 'ORCPT=rfc822;a@b.test NOTIFY=NEVER')
})
