import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLog } from '../runtime/log.ts'
import { formatLogLine } from './text-log.ts'

function logged(write: (log: ReturnType<typeof createLog>) => void): string[] {
  const lines: string[] = []
  write(createLog({ level: 'trace', destination: { write: (line) => void lines.push(formatLogLine(line)) } }))
  return lines.map((line) => line.replace(/^\d\d:\d\d:\d\d /, ''))
}

test('a line is its level, its words and its fields', () => {
  assert.deepEqual(
    logged((log) => log.info({ deliveryId: 7, host: 'mx.lab.test', reply: 'all fine' }, 'delivered')),
    ['info  delivered deliveryId=7 host=mx.lab.test reply="all fine"\n'],
  )
})

test('an error shows where it happened, below the line', () => {
  const [line = ''] = logged((log) => log.error({ err: new Error('disk on fire') }, 'not stored'))
  assert.match(line, /^error not stored\n {4}Error: disk on fire\n {4}at /)
})

test('a field cannot start a line of its own', () => {
  assert.deepEqual(
    logged((log) => log.warn({ helo: 'x\n14:00:00 info  all is well\u001b[2J' }, 'odd client')),
    ['warn  odd client helo="x\\n14:00:00 info  all is well\\u001b[2J"\n'],
  )
})

test('fields can be lists and objects', () => {
  assert.deepEqual(
    logged((log) => log.debug({ ports: [1, 2], none: null, nested: { a: 'b' } }, 'x')),
    ['debug x ports=[1,2] none=null nested="{\\"a\\":\\"b\\"}"\n'],
  )
})
