import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MailingState } from '../storage/tables/mailings.ts'
import { afterChange, type MailingChange, mailingChanges, mailingStates } from './states.ts'

const table: Record<MailingState, Partial<Record<MailingChange, MailingState>>> = {
  draft: { edit: 'draft', schedule: 'scheduled', send: 'sending', archive: 'archived', delete: 'deleted' },
  scheduled: { schedule: 'scheduled', unschedule: 'draft', send: 'sending', begin: 'sending' },
  sending: { pause: 'paused', finish: 'sent', cancel: 'cancelled' },
  paused: { resume: 'sending', cancel: 'cancelled' },
  sent: { archive: 'archived', delete: 'deleted' },
  cancelled: { archive: 'archived', delete: 'deleted' },
  archived: { restore: 'draft', delete: 'deleted' },
  deleted: {},
}

for (const state of mailingStates) {
  test(`what may become of a mailing that is ${state}`, () => {
    const found = mailingChanges.flatMap((change) => {
      const to = afterChange(change, { state, archivedFrom: null, startedAt: 1 })
      return to === undefined ? [] : [[change, to] as const]
    })
    assert.deepEqual(Object.fromEntries(found), table[state])
  })
}

test('from the archive it comes back to where it was', () => {
  assert.equal(afterChange('restore', { state: 'archived', archivedFrom: 'sent', startedAt: 1 }), 'sent')
})

test('what was stopped before it began can be scheduled and unscheduled like what waits', () => {
  const paused = { state: 'paused', archivedFrom: null } as const
  for (const [change, to] of [
    ['schedule', 'scheduled'],
    ['unschedule', 'draft'],
  ] as const) {
    assert.equal(afterChange(change, { ...paused, startedAt: null }), to)
    assert.equal(afterChange(change, { ...paused, startedAt: 1 }), undefined)
  }
  assert.equal(afterChange('edit', { ...paused, startedAt: null }), undefined)
})
