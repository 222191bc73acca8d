import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createWorld } from '../../../test/domains-world.ts'
import { addInclude, checkSpf } from './check-spf.ts'
import { parseSpf } from './spf-terms.ts'

const domainName = 'shop.example'
const include = 'spf.mail.example'

test('words of an SPF record', () => {
  const good = [
    'v=spf1 -all',
    'v=spf1 +a mx/24 a:mail.shop.example/24//64 ip4:192.0.2.1 ip4:192.0.2.0/24 ip6:2001:db8::/32 ~all',
    'v=spf1 include:_spf.shop.example exists:%{i}._spf.shop.example redirect=_spf.example',
    'v=spf1 ptr ptr:shop.example exp=explain.shop.example unknown=modifier ?all',
    'V=SPF1 INCLUDE:spf.mail.example  -ALL',
    'v=spf1',
  ]
  for (const text of good) assert.deepEqual(parseSpf(text).problems, [], text)
  const bad: [text: string, word: string][] = [
    ['v=spf1 ipv4:192.0.2.1 -all', 'ipv4:192.0.2.1'],
    ['v=spf1 ip4:192.0.2.300 -all', 'ip4:192.0.2.300'],
    ['v=spf1 ip4:192.0.2.1/33 -all', 'ip4:192.0.2.1/33'],
    ['v=spf1 ip6:192.0.2.1 -all', 'ip6:192.0.2.1'],
    ['v=spf1 include spf.mail.example -all', 'include'],
    ['v=spf1 include:spf.mail.example, -all', 'include:spf.mail.example,'],
    ['v=spf1 include:https://shop.example -all', 'include:https://shop.example'],
    ['v=spf1 -all:x', '-all:x'],
    ['v=spf1 "-all', '"-all'],
  ]
  for (const [text, word] of bad) {
    assert.equal(parseSpf(text).problems[0], `'${word}' is not something an SPF record can hold`, text)
  }
  assert.deepEqual(parseSpf('v=spf1 -all include:spf.mail.example').problems, [
    "include:spf.mail.example stands after 'all' and is ignored: move it before",
  ])
})

function spfWorld(records: Record<string, string[]>) {
  const world = createWorld()
  for (const [name, texts] of Object.entries(records)) world.txt.set(name, texts)
  world.txt.set(include, ['v=spf1 ip4:192.0.2.1 -all'])
  return world
}

async function spf(records: Record<string, string[]>) {
  const { status, problems, publish } = await checkSpf(spfWorld(records).zone, { domainName, include })
  return { status, problems, paste: publish?.value }
}

test('SPF is followed as a receiver would', async () => {
  const table: [records: Record<string, string[]>, status: string, problems: string[], paste?: string][] = [
    [{ 'shop.example': ['other', `v=spf1 include:${include} ~all`] }, 'ok', []],
    [
      {
        'shop.example': ['v=spf1 include:a.example -all'],
        'a.example': ['v=spf1 include:b.example -all'],
        'b.example': [`v=spf1 include:${include} -all`],
      },
      'ok',
      [],
    ],
    [
      { 'shop.example': ['v=spf1 redirect=a.example'], 'a.example': [`v=spf1 include:${include} -all`] },
      'ok',
      [],
    ],
    [
      { 'shop.example': [`v=spf1 include:${include} ?all`] },
      'advice',
      ["'?all' says nothing about other senders: ~all protects the domain better"],
    ],
    [{ 'shop.example': [`v=spf1 include:${include}`] }, 'advice', ['it has no end: add ~all']],
    [
      { 'shop.example': ['v=spf1 ip4:192.0.2.9 -all'] },
      'error',
      [`our servers are not in it: add include:${include}`],
      `v=spf1 ip4:192.0.2.9 include:${include} -all`,
    ],
    [
      { 'shop.example': [`v=spf1 -all include:${include}`] },
      'error',
      [
        `include:${include} stands after 'all' and is ignored: move it before`,
        `our servers are not in it: add include:${include}`,
      ],
      `v=spf1 include:${include} -all`,
    ],
    [
      { 'shop.example': [`v=spf1 include:${include} +all`] },
      'error',
      ["'+all' lets the whole world send as shop.example: make it ~all"],
    ],
    [
      { 'shop.example': ['v=spf1 mx -all', `v=spf1 include:${include} ~all`] },
      'error',
      ['there are 2 SPF records and receivers then use none: make one of them'],
      `v=spf1 mx include:${include} ~all`,
    ],
    [
      { 'shop.example': [`v=spf1 include:${include} include:gone.example -all`] },
      'error',
      ["'include:gone.example': there is no SPF record at gone.example"],
    ],
    [
      {
        'shop.example': [`v=spf1 include:${include} include:a.example -all`],
        'a.example': ['v=spf1 include:shop.example -all'],
      },
      'error',
      ["'include:shop.example' leads back to shop.example: receivers would go round in circles"],
    ],
    [
      { 'shop.example': [`v=spf1 include:${include} ${'a:x.example '.repeat(3)}-all`] },
      'error',
      ['3 of its names do not exist and receivers accept at most 2 such: remove them'],
    ],
    [{}, 'missing', ['there is no SPF record at shop.example'], `v=spf1 include:${include} ~all`],
    [
      { 'shop.example.shop.example': [`v=spf1 include:${include} ~all`] },
      'missing',
      [
        "the record stands at shop.example.shop.example; the provider has appended shop.example to it: enter only '@' as its host",
      ],
      `v=spf1 include:${include} ~all`,
    ],
    [
      { 'shop.example': [`"v=spf1 include:${include} ~all"`] },
      'error',
      ['the value contains quotation marks or backslashes: paste it without them, the provider adds its own'],
      `v=spf1 include:${include} ~all`,
    ],
    [
      { 'shop.example': [`v=spf1include:${include} ~all`] },
      'error',
      [`'v=spf1include:${include} ~all' is not an SPF record: it must begin with 'v=spf1' and a space`],
      `v=spf1 include:${include} ~all`,
    ],
  ]
  for (const [records, status, problems, paste] of table) {
    assert.deepEqual(await spf(records), { status, problems, paste }, JSON.stringify(records))
  }
})

test('too many look-ups are counted, endless ones are given up', async () => {
  const names = (count: number) => Array.from({ length: count }, (_, i) => `n${i}.example`)
  const record = (count: number) => [
    `v=spf1 include:${include} ${names(count)
      .map((name) => `mx:${name}`)
      .join(' ')} -all`,
  ]
  const world = (count: number) => {
    const made = spfWorld({ 'shop.example': record(count) })
    for (const name of names(count)) made.mx.set(name, [{ priority: 10, exchange: 'mx.example' }])
    return made
  }
  const check = (count: number) => checkSpf(world(count).zone, { domainName, include })
  assert.equal((await check(9)).status, 'ok')
  const words = (many: string) =>
    `it takes ${many} DNS look-ups and receivers make at most 10: remove includes that are no longer needed`
  assert.deepEqual((await check(10)).problems, [words('11')])
  assert.deepEqual((await check(500)).problems, [words('25 or more')])
})

test('an include that DNS does not answer for leaves the verdict open', async () => {
  const world = spfWorld({ 'shop.example': [`v=spf1 include:slow.example include:${include} -all`] })
  world.broken.add('slow.example')
  const { status, problems } = await checkSpf(world.zone, { domainName, include })
  assert.deepEqual(
    [status, problems],
    ['unknown', ['DNS gave no answer for slow.example (ETIMEOUT); try again in a few minutes']],
  )
})

test('our include goes into what is there', () => {
  const table: [found: string[], merged: string][] = [
    [['v=spf1 -all'], `v=spf1 include:${include} -all`],
    [['v=spf1 a mx'], `v=spf1 a mx include:${include} ~all`],
    [['v=spf1 redirect=x.example'], `v=spf1 include:${include} redirect=x.example`],
    [['v=spf1 a +all'], `v=spf1 a include:${include} ~all`],
    [['v=spf1 a -all', 'v=spf1 mx a ?all'], `v=spf1 a mx include:${include} ?all`],
  ]
  for (const [found, merged] of table) assert.equal(addInclude(found, include), merged)
})
