import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseMailParameters, parseRcptParameters } from './parameters.ts'
import { replies } from './replies.ts'

test('MAIL parameters that are well-formed', () => {
  const cases = [
    ['', {}],
    ['SIZE=0', { sizeBytes: 0 }],
    ['size=12345 body=8bitmime SMTPUTF8', { sizeBytes: 12_345, body: '8BITMIME', smtpUtf8: true }],
    ['BODY=7BIT', { body: '7BIT' }],
    ['RET=hdrs ENVID=QQ+2B314159', { ret: 'HDRS', envid: 'QQ+2B314159' }],
    ['RET=FULL', { ret: 'FULL' }],
    ['AUTH=<>  SIZE=1', { sizeBytes: 1 }],
  ] as const
  for (const [text, params] of cases) assert.deepEqual(parseMailParameters(text), { params }, text)
})

test('MAIL parameters that are not', () => {
  const malformed = [
    'SIZE',
    'SIZE=',
    'SIZE=-1',
    'SIZE=1e3',
    'SIZE=123456789012345678901',
    'SIZE=1 SIZE=1',
    'BODY=BINARYMIME',
    'SMTPUTF8=yes',
    'RET=ALL',
    'ENVID=',
    'ENVID=a=b',
    'ENVID=+2b',
    `ENVID=${'x'.repeat(101)}`,
    'AUTH',
  ]
  for (const text of malformed)
    assert.deepEqual(parseMailParameters(text), { reply: replies.badParameter }, text)
  for (const text of ['NOTIFY=NEVER', 'X=1', '=1', 'constructor']) {
    assert.deepEqual(parseMailParameters(text), { reply: replies.unknownParameter }, text)
  }
})

test('RCPT parameters that are well-formed', () => {
  const cases = [
    ['', {}],
    ['NOTIFY=never', { notify: 'NEVER' }],
    ['notify=Success,FAILURE,delay', { notify: 'SUCCESS,FAILURE,DELAY' }],
    ['ORCPT=rfc822;Bob+2Bx@lab.test', { orcpt: 'rfc822;Bob+2Bx@lab.test' }],
  ] as const
  for (const [text, params] of cases) assert.deepEqual(parseRcptParameters(text), { params }, text)
})

test('RCPT parameters that are not', () => {
  const malformed = [
    'NOTIFY',
    'NOTIFY=',
    'NOTIFY=NEVER,DELAY',
    'NOTIFY=DELAY,DELAY',
    'NOTIFY=SUCCESS,',
    'NOTIFY=OFTEN',
    'ORCPT=',
    'ORCPT=bob@lab.test',
    'ORCPT=;bob@lab.test',
    'ORCPT=rfc822;',
    'ORCPT=rfc822;a+b@lab.test',
    `ORCPT=rfc822;${'x'.repeat(500)}`,
  ]
  for (const text of malformed)
    assert.deepEqual(parseRcptParameters(text), { reply: replies.badParameter }, text)
  assert.deepEqual(parseRcptParameters('SIZE=1'), { reply: replies.unknownParameter })
})
