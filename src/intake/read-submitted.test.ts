import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Refused } from '../runtime/refused.ts'
import { readSubmitted } from './read-submitted.ts'

const now = Date.UTC(2026, 10, 23, 9, 30, 0)
const received =
  'Received: by mail.paravion.example with ESMTPSA id 1;\r\n\tMon, 23 Nov 2026 09:30:00 +0000\r\n'
const tools = { received, now, makeMessageId: (domain: string) => `<made@${domain}>` }

function read(message: string) {
  return readSubmitted(Buffer.from(message.replaceAll('\n', '\r\n')), tools)
}

function refusal(message: string): { code: string; message: string } {
  try {
    read(message)
  } catch (error) {
    if (error instanceof Refused) return { code: error.code, message: error.message }
    throw error
  }
  assert.fail('it was accepted')
}

test('an ordinary message keeps every byte and gains only a trace header', () => {
  const message =
    'From: "Lea, Shop" <lea@shop.example>\nTo: x@y.example\nDate: Mon, 23 Nov 2026 09:00:00 +0100\nMessage-ID: <a@b>\nSubject: =?utf-8?q?Caf=C3=A9?=\n\nHello\n'
  const result = read(message)

  assert.equal(result.content.toString(), received + message.replaceAll('\n', '\r\n'))
  assert.deepEqual(result.from, { name: 'Lea, Shop', address: { local: 'lea', domain: 'shop.example' } })
  assert.equal(result.subject, 'Café')
  assert.equal(result.messageId, '<a@b>')
  assert.equal(result.bulk, false)
})

test('a missing Date and Message-ID are added', () => {
  const { content, messageId } = read('From: a@shop.example\n\nx\n')

  assert.equal(messageId, '<made@shop.example>')
  assert.equal(
    content.toString(),
    `${received}Date: Mon, 23 Nov 2026 09:30:00 +0000\r\nMessage-ID: <made@shop.example>\r\nFrom: a@shop.example\r\n\r\nx\r\n`,
  )
})

test('a message without a body gets the empty line that ends its header', () => {
  assert.match(
    read('From: a@shop.example\nDate: x\nMessage-ID: <1@x>\n').content.toString(),
    /<1@x>\r\n\r\n$/,
  )
})

test('what steers the relay, Bcc and Return-Path are taken out, folded lines included', () => {
  const { content, features } = read(
    'X-MJ-CustomID: order 7\nBcc: secret@x.example,\n hidden@x.example\nFrom: a@shop.example\nReturn-Path: <b@c>\nX-Mailjet-Campaign: Spring sale\nX-MAILJET-DEDUPLICATECAMPAIGN: y\nDate: x\nMessage-ID: <1@x>\nX-MJ-Vars: {"name":\n "Lea"}\nX-MJ-TemplateLanguage: True\nX-Mailjet-Prio: 3\nX-Mailjet-TrackOpen: 0\nX-Mailjet-TrackClick: enabled\nX-MJ-EventPayload: {"a":1}\nX-MJ-TemplateErrorReporting: {"Email":"ops@shop.example","Name":"Ops"}\nX-MJ-TemplateErrorDeliver: deliver\n\nHi {{var:name}}\n',
  )

  assert.equal(
    content.toString(),
    `${received}From: a@shop.example\r\nDate: x\r\nMessage-ID: <1@x>\r\n\r\nHi {{var:name}}\r\n`,
  )
  assert.deepEqual(features, {
    priority: 3,
    customId: 'order 7',
    eventPayload: '{"a":1}',
    campaign: { name: 'Spring sale', deduplicate: true },
    trackOpens: 'disabled',
    trackClicks: 'enabled',
    template: {
      language: true,
      variables: { name: 'Lea' },
      deliverOnError: true,
      reportErrorsTo: { name: '', address: { local: 'ops', domain: 'shop.example' } },
    },
  })
})

test('where the client sits, and what is told of our reputation, is taken out; our own trace stays', () => {
  const { content } = read(
    'Received: from laptop (10.0.0.7)\n by relay.shop.example; Mon, 23 Nov 2026 09:00:00 +0100\nReceived: by mail.paravion.example with ESMTPSA id 0\nX-Originating-IP: [10.0.0.7]\nFrom: a@shop.example\nX-Feedback-ID: a\nx-csa-complaints: b\nDate: x\nMessage-ID: <1@x>\n\nReceived: stays\n',
  )
  assert.equal(
    content.toString(),
    `${received}Received: by mail.paravion.example with ESMTPSA id 0\r\nFrom: a@shop.example\r\nDate: x\r\nMessage-ID: <1@x>\r\n\r\nReceived: stays\r\n`,
  )
})

test('variables that are no JSON object are a problem of the template, not of the submission', () => {
  for (const vars of ['{', '[1]', '"x"', 'null']) {
    assert.match(
      read(`From: a@shop.example\nX-MJ-Vars: ${vars}\n\nx\n`).features.template.variablesProblem ?? '',
      /one JSON object/,
    )
  }
})

describe('nobody hides who is writing', () => {
  const cases: [name: string, message: string, code: string, text: RegExp][] = [
    ['no From', 'To: a@b.example\n\nx\n', 'bad-header', /no From header/],
    [
      'two From headers',
      'From: a@shop.example\nFrom: b@shop.example\n\nx\n',
      'bad-header',
      /From occurs twice/,
    ],
    [
      'two From headers in different case',
      'from: a@shop.example\nFROM: b@shop.example\n\nx\n',
      'bad-header',
      /occurs twice/,
    ],
    ['two addresses', 'From: a@shop.example, b@evil.example\n\nx\n', 'bad-header', /holds 2 addresses/],
    ['a group', 'From: friends: a@shop.example;\n\nx\n', 'bad-header', /no address that can be read/],
    ['an empty group', 'From: undisclosed:;\n\nx\n', 'bad-header', /no address that can be read/],
    ['no address', 'From: the boss\n\nx\n', 'bad-header', /no address that can be read/],
    [
      'an address in an encoded word only',
      'From: =?utf-8?q?boss=40shop.example?=\n\nx\n',
      'bad-header',
      /no address that can be read/,
    ],
    [
      'two Sender headers',
      'From: a@shop.example\nSender: a@shop.example\nSender: b@x.example\n\nx\n',
      'bad-header',
      /Sender occurs twice/,
    ],
    [
      'two addresses as Sender',
      'From: a@shop.example\nSender: a@shop.example, b@x.example\n\nx\n',
      'bad-header',
      /Sender header must hold one/,
    ],
    [
      'two subjects',
      'From: a@shop.example\nSubject: a\nSubject: b\n\nx\n',
      'bad-header',
      /Subject occurs twice/,
    ],
    [
      'a line that is no header',
      'From: a@shop.example\nhello there\n\nx\n',
      'bad-header',
      /22 octets into the message/,
    ],
  ]
  for (const [name, message, code, text] of cases) {
    test(name, () => {
      const refused = refusal(message)

      assert.equal(refused.code, code)
      assert.match(refused.message, text)
    })
  }
})

test('a name that looks like an address is not the sender', () => {
  const { from } = read('From: "boss@shop.example" <eve@evil.example>\n\nx\n')

  assert.deepEqual(from.address, { local: 'eve', domain: 'evil.example' })
})

test('Precedence bulk and list mark mass mail', () => {
  assert.equal(read('From: a@shop.example\nPrecedence: Bulk\n\nx\n').bulk, true)
  assert.equal(read('From: a@shop.example\nPrecedence: list\n\nx\n').bulk, true)
  assert.equal(read('From: a@shop.example\nPrecedence: first-class\n\nx\n').bulk, false)
})
