import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMetrics } from './metrics.ts'

test('what is counted can be read', async () => {
  const metrics = createMetrics({ processDefaults: false })
  metrics.accepted('bulk', 3)
  metrics.blocked('suppressed', 1)
  metrics.settled('bulk', 'deferred', 'greylisted', 2)
  metrics.settled('bulk', 'delivered', null, 1)
  metrics.attempted(20)
  metrics.connection('failed')
  metrics.committed(4)
  let depth = 7
  metrics.watchQueue(async () => (depth === 0 ? [] : [{ lane: 'bulk', state: 'due', count: depth }]))
  metrics.watchGauge({ name: 'paravion_test', help: 'x' }, () => 4)

  const text = await metrics.registry.metrics()
  for (const line of [
    'paravion_accepted_total{lane="bulk"} 3',
    'paravion_blocked_total{reason="suppressed"} 1',
    'paravion_deferred_total{lane="bulk",class="greylisted"} 2',
    'paravion_delivered_total{lane="bulk",class=""} 1',
    'paravion_attempt_seconds_bucket{le="0.025"} 1',
    'paravion_outgoing_connections_total{result="failed"} 1',
    'paravion_commit_seconds_count 1',
    'paravion_queue{lane="bulk",state="due"} 7',
    'paravion_test 4',
  ]) {
    assert.ok(text.includes(`${line}\n`), line)
  }
  depth = 0
  assert.ok(!(await metrics.registry.metrics()).includes('paravion_queue{'), 'what is gone is not shown')
})

test('each registry counts for itself', async () => {
  const [one, other] = [createMetrics(), createMetrics()]
  one.accepted('bulk', 1)
  assert.match(await one.registry.metrics(), /process_cpu_seconds_total/)
  assert.doesNotMatch(await other.registry.metrics(), /paravion_accepted_total\{/)
})
