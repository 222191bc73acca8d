import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatAddress } from '../mail/address.ts'
import { rewriteHeaders } from './rewrite-headers.ts'

const long = `https://shop.example/u?${'a'.repeat(300)}`
const encodedLong = `=?utf-8?q?=3C${long.replaceAll('?', '=3F')}=3E?=`

const cases: [name: string, given: string[], fromHeader: string | undefined, becomes: string[]][] = [
  [
    'a foreign author stays visible as a name, and gets the answers',
    ['From: Ada Lovelace <ada@home.example>', 'To: x@example.net'],
    '"Ada Lovelace" <notifications@shop.example>',
    [
      'From: Ada Lovelace <notifications@shop.example>',
      'Reply-To: Ada Lovelace <ada@home.example>',
      'To: x@example.net',
    ],
  ],
  [
    'Reply-To is kept',
    ['Reply-To: team@shop.example', 'From: ada@home.example'],
    '"ada" <notifications@shop.example>',
    ['Reply-To: team@shop.example', 'From: ada <notifications@shop.example>'],
  ],
  [
    'the same address without its name: nobody to answer but itself',
    ['From: Shop <Notifications@shop.example>'],
    'notifications@shop.example',
    ['From: notifications@shop.example'],
  ],
  [
    'names outside ASCII are encoded, folded fields are replaced whole',
    ['From: =?utf-8?q?S=C3=B8ren?=\r\n <s@home.example>', 'Subject: Hej'],
    '"Søren" <n@shop.example>',
    [
      'From: =?UTF-8?B?U8O4cmVu?= <n@shop.example>',
      'Reply-To: =?utf-8?q?S=C3=B8ren?=\r\n <s@home.example>',
      'Subject: Hej',
    ],
  ],
  [
    'an international domain goes as A-labels',
    ['From: a@home.example'],
    '"a" <n@köln.example>',
    ['From: a <n@xn--kln-sna.example>', 'Reply-To: a@home.example'],
  ],
  [
    'a name that would be a second header',
    ['From: a@home.example', 'Reply-To: a@home.example'],
    '"a, \\"b\\" <c@d.example>" <n@shop.example>',
    ['From: "a, \\"b\\" <c@d.example>" <n@shop.example>', 'Reply-To: a@home.example'],
  ],
  [
    'X-Forge-To takes the place of To',
    ['To: real@example.net', 'X-Forge-To: "#general" <channel@shop.example>', 'Subject: x'],
    undefined,
    ['To: "#general" <channel@shop.example>', 'Subject: x'],
  ],
  [
    'X-Forge-To where there is no To; a second one is dropped',
    ['Subject: x', 'x-forge-to: a@shop.example', 'X-Forge-To: b@shop.example'],
    undefined,
    ['Subject: x', 'To: a@shop.example'],
  ],
  [
    'an empty X-Forge-To changes nothing else',
    ['To: a@x.example', 'X-Forge-To:'],
    undefined,
    ['To: a@x.example'],
  ],
  [
    'X-Msg-To-Add: names that get nothing, duplicates left out',
    [
      'To: Ada <ada@x.example>',
      'X-Msg-To-Add: ADA@x.example, Bob <bob@x.example>, bob@x.example, "K, L" <k@x.example>',
    ],
    undefined,
    ['To: Ada <ada@x.example>,\r\n Bob <bob@x.example>,\r\n "K, L" <k@x.example>'],
  ],
  [
    'both',
    ['X-Msg-To-Add: bob@x.example', 'To: real@x.example', 'X-Forge-To: channel@x.example'],
    undefined,
    ['To: channel@x.example,\r\n bob@x.example'],
  ],
  [
    'X-Msg-To-Add without To',
    ['X-Msg-To-Add: bob@x.example', 'Subject: x'],
    undefined,
    ['To: bob@x.example', 'Subject: x'],
  ],
  [
    'X-Msg-To-Add that is no list of addresses is dropped',
    ['To: a@x.example', 'X-Msg-To-Add: nonsense here'],
    undefined,
    ['To: a@x.example'],
  ],
  [
    'a URL that was encoded because it could not be folded',
    [`List-Unsubscribe: ${encodedLong}`, 'Subject: =?utf-8?q?=C3=B8?='],
    undefined,
    [`List-Unsubscribe: <${long}>`, 'Subject: =?utf-8?q?=C3=B8?='],
  ],
  [
    'encoded line breaks do not get out',
    ['List-Unsubscribe: =?utf-8?q?=3Cx=3E=0D=0ABcc:_z@x.example?='],
    undefined,
    ['List-Unsubscribe: =?utf-8?q?=3Cx=3E=0D=0ABcc:_z@x.example?='],
  ],
]

for (const [name, given, fromHeader, becomes] of cases) {
  test(name, () => {
    const content = Buffer.from(`${given.join('\r\n')}\r\n\r\nbody X-Forge-To: no\r\n`)
    const { content: changed, header } = rewriteHeaders(
      content,
      fromHeader === undefined ? {} : { fromHeader },
    )
    assert.equal(changed.toString(), `${becomes.join('\r\n')}\r\n\r\nbody X-Forge-To: no\r\n`)
    assert.equal(changed.subarray(header.bodyStart).toString(), 'body X-Forge-To: no\r\n')
  })
}

test('what needs no change is not copied', () => {
  const content = Buffer.from('From: a@shop.example\r\nTo: b@x.example\r\n\r\nbody\r\n')
  assert.equal(rewriteHeaders(content).content, content)
})

test('the author who goes out is told', () => {
  const content = Buffer.from('From: a@home.example\r\n\r\n')
  const { from } = rewriteHeaders(content, { fromHeader: '"a" <n@shop.example>' })
  assert.equal(from && formatAddress(from), 'n@shop.example')
})

for (const fromHeader of ['', 'nobody', 'a@x.example, b@x.example', 'a@localhost', '"a\r\nBcc: z" <n>']) {
  test(`a From that cannot be written: ${JSON.stringify(fromHeader)}`, () => {
    assert.throws(
      () => rewriteHeaders(Buffer.from('From: a@x.example\r\n\r\n'), { fromHeader }),
      /not one address/,
    )
  })
}
