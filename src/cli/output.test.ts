import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { formatPairs, formatTable, formatTime, printable } from './output.ts'

const plain = (lines: readonly string[]) => lines.map(stripVTControlCharacters)

test('columns are as wide as their widest cell', () => {
  const lines = formatTable(
    ['ID', 'SUBJECT'],
    [
      ['1', 'Hello'],
      ['12345', ''],
    ],
  )
  assert.deepEqual(plain(lines), ['ID     SUBJECT', '1      Hello', '12345'])
})

test('a table without rows is its header', () => {
  assert.deepEqual(plain(formatTable(['ID', 'SUBJECT'], [])), ['ID  SUBJECT'])
})

test('values stand beside their names', () => {
  const lines = formatPairs([
    ['From', 'a@shop.example'],
    ['Subject', 'Hi'],
  ])
  assert.deepEqual(plain(lines), ['From     a@shop.example', 'Subject  Hi'])
})

const hostile: [given: string, shown: string][] = [
  ['plain text, ünïcode 日本 👋', 'plain text, ünïcode 日本 👋'],
  ['\u001b[2J\u001b[31mred', '\\u{1b}[2J\\u{1b}[31mred'],
  ['one\r\ntwo\tthree', 'one\\u{d}\\u{a}two\\u{9}three'],
  ['\u009b1A', '\\u{9b}1A'],
  ['\u202egnp.exe', '\\u{202e}gnp.exe'],
  ['\u2066x\u2069', '\\u{2066}x\\u{2069}'],
]

for (const [given, shown] of hostile) {
  test(`${JSON.stringify(given)} cannot steer the terminal`, () => {
    assert.equal(printable(given), shown)
  })
}

test('times are UTC, to the second, and empty when there is none', () => {
  assert.equal(formatTime(Date.UTC(2026, 10, 3, 4, 5, 6, 789)), '2026-11-03 04:05:06Z')
  assert.equal(formatTime(null), '')
})
