import assert from 'node:assert/strict'
import { test } from 'node:test'
import { countReceived } from './received-hops.ts'

test('Received fields of the header are counted, nothing else', () => {
  const cases: [text: string, count: number][] = [
    ['', 0],
    ['From: a@b.example\r\n\r\n', 0],
    ['Received: x\r\nRECEIVED : y\r\nreceived:\r\n by z\r\n\r\n', 3],
    ['X-Received: x\r\nReceived-SPF: pass\r\n Received: folded\r\n\r\n', 0],
    ['Received: x\r\n\r\nReceived: in the body\r\n', 1],
    ['Received: no end', 1],
  ]
  for (const [text, count] of cases)
    assert.equal(countReceived(Buffer.from(text)), count, JSON.stringify(text))
})
