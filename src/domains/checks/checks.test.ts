import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createWorld } from '../../../test/domains-world.ts'
import { checkDkim, judgeDkim } from './check-dkim.ts'
import { checkDmarc, judgeDmarc } from './check-dmarc.ts'
import { checkMx, checkReturnPath } from './check-mail-hosts.ts'

const domainName = 'shop.example'
const publicKey = 'MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA'
const key = { domainName, selector: 'mailjet', algorithm: 'rsa-sha256', publicKey } as const

test('a published key is compared by what counts', () => {
  const ok = [
    `v=DKIM1; k=rsa; p=${publicKey}`,
    `k=rsa; p=${publicKey}`,
    `p=${publicKey}`,
    `v=DKIM1;k=rsa;s=email;h=sha1:sha256;p=${publicKey};`,
    `v=DKIM1; k=rsa; p=${publicKey.slice(0, 20)} ${publicKey.slice(20)}`,
  ]
  for (const text of ok) assert.deepEqual(judgeDkim([text], key), { ok: true, problems: [] }, text)
  assert.equal(judgeDkim(['site-verification', ok[0] ?? ''], key).ok, true)

  const quoted =
    'the value contains quotation marks or backslashes: paste it without them, the provider adds its own'
  const other = 'another key is published at this name than the one that signs'
  const table: [found: string[], problems: string[]][] = [
    [['something'], ['the TXT record at this name is not a DKIM key: it has no p=']],
    [['v=DKIM1; p='], ['the key is revoked: its p= is empty']],
    [['v=DKIM1; k=rsa; p=AAAA'], [other]],
    [
      [`v=DKIM1; p=${publicKey.slice(0, 30)}`],
      [
        `the key is cut off after 30 of ${publicKey.length} characters: the provider's field is too short, enter the value in parts of at most 255 characters each in quotation marks`,
      ],
    ],
    [[`"v=DKIM1; k=rsa; p=${publicKey}"`], [quoted]],
    [[`"v=DKIM1; k=rsa; p=${publicKey.slice(0, 20)}" "${publicKey.slice(20)}"`], [quoted]],
    [[`v=DKIM1\\; k=rsa\\; p=${publicKey}`], [quoted]],
    [['"v=DKIM1; p=AAAA"'], [quoted, other]],
    [
      [`p=${publicKey}`, 'p=AAAA'],
      ['there are 2 keys at this name and receivers take any of them: delete all but the one to publish'],
    ],
    [[`v=DKIM2; p=${publicKey}`], ['the record has v=DKIM2; it must be v=DKIM1']],
    [[`k=ed25519; p=${publicKey}`], ['the record says k=ed25519, the key is k=rsa']],
    [[`s=tlsrpt; p=${publicKey}`], ['the record keeps the key from signing mail: s=tlsrpt']],
    [[`h=sha1; p=${publicKey}`], ['the record does not allow SHA-256, which we sign with: h=sha1']],
    [
      [`v=DKIM1 k=rsa; p=${publicKey}; p=${publicKey}`],
      ['the record cannot be read: it must be a list like v=DKIM1; k=rsa; p=…'],
    ],
  ]
  for (const [found, problems] of table) {
    assert.deepEqual(judgeDkim(found, key), { ok: false, problems }, found.join(' | '))
  }
  assert.deepEqual(judgeDkim([`t=y; p=${publicKey}`], key), {
    ok: true,
    problems: ['the record says t=y (only testing): some receivers then ignore the signature; remove it'],
  })
})

test('a key is found behind an alias, and where it was put by mistake', async () => {
  const name = 'mailjet._domainkey.shop.example'
  const text = `v=DKIM1; k=rsa; p=${publicKey}`
  const world = createWorld()
  world.cname.set(name, 'mailjet._domainkey.mail.example')
  world.txt.set('mailjet._domainkey.mail.example', [text])
  assert.deepEqual(await checkDkim(world.zone, key), {
    purpose: 'dkim',
    name,
    status: 'ok',
    found: [text],
    problems: [],
  })
  world.txt.clear()
  const dangling = await checkDkim(world.zone, key)
  assert.equal(dangling.status, 'missing')
  assert.deepEqual(dangling.problems, [
    `${name} is a CNAME to mailjet._domainkey.mail.example, and there is no TXT record there`,
  ])

  const places: [place: string, problem: string][] = [
    [
      `${name}.shop.example`,
      `the record stands at ${name}.shop.example; the provider has appended shop.example to it: enter only 'mailjet._domainkey' as its host`,
    ],
    [
      'mailjet.shop.example',
      "the record stands at mailjet.shop.example; the name must contain ._domainkey: enter 'mailjet._domainkey' as its host",
    ],
    [
      'shop.example',
      "the record stands at shop.example; the name must contain ._domainkey: enter 'mailjet._domainkey' as its host",
    ],
  ]
  for (const [place, problem] of places) {
    const wrong = createWorld()
    wrong.txt.set(place, [`"${text}"`])
    const check = await checkDkim(wrong.zone, key)
    assert.deepEqual([check.status, check.problems], ['missing', [problem]])
    assert.equal(check.publish?.value, text)
  }
  const empty = await checkDkim(createWorld().zone, key)
  assert.deepEqual([empty.status, empty.problems], ['missing', [`there is no TXT record at ${name}`]])
  const silent = createWorld()
  silent.broken.add(name)
  const unknown = await checkDkim(silent.zone, key)
  assert.deepEqual(unknown, {
    purpose: 'dkim',
    name,
    status: 'unknown',
    found: [],
    problems: [`DNS gave no answer for ${name} (ETIMEOUT); try again in a few minutes`],
  })
})

test('DMARC records are read as strictly as receivers do', () => {
  const good: [text: string, policy: string][] = [
    ['v=DMARC1; p=none', 'none'],
    [
      'v=DMARC1;p=REJECT;sp=quarantine;np=reject;adkim=s;aspf=r;rua=mailto:a@shop.example,mailto:b@x.example',
      'reject',
    ],
    ['v=DMARC1; rua=mailto:a@shop.example', 'none'],
    ['v=DMARC1; p=quarantine; t=y; unknown=1', 'quarantine'],
  ]
  for (const [text, policy] of good) assert.deepEqual(judgeDmarc(text), { policy, problems: [] }, text)
  const unreadable =
    'the record cannot be read: it must be a list that begins with v=DMARC1, like v=DMARC1; p=none'
  const bad: [text: string, problem: string][] = [
    ['v=dmarc1; p=none', unreadable],
    ['p=none; v=DMARC1', unreadable],
    ['v=DMARC1, p=none', unreadable],
    ['v=DMARC1', 'the record has no policy: add p=none, p=quarantine or p=reject'],
    ['v=DMARC1; p=block', 'the policy p=block does not exist: it must be none, quarantine or reject'],
    ['v=DMARC1; p=none; sp=all', 'sp=all does not exist: it must be none, quarantine or reject'],
    ['v=DMARC1; p=none; adkim=strict', 'adkim=strict does not exist: it must be r or s'],
    [
      'v=DMARC1; p=none; rua=a@shop.example',
      'rua=a@shop.example is not an address for reports: write it like mailto:dmarc@shop.example',
    ],
    [
      '"v=DMARC1; p=none"',
      'the value contains quotation marks or backslashes: paste it without them, the provider adds its own',
    ],
  ]
  for (const [text, problem] of bad) assert.deepEqual(judgeDmarc(text).problems, [problem], text)
})

test('DMARC of the domain, of the one above, or misplaced', async () => {
  const check = async (records: Record<string, string[]>, { name = domainName, dkimIsRight = true } = {}) => {
    const world = createWorld()
    for (const [place, texts] of Object.entries(records)) world.txt.set(place, texts)
    const { status, problems } = await checkDmarc(world.zone, { domainName: name, dkimIsRight })
    return [status, problems]
  }
  assert.deepEqual(await check({ '_dmarc.shop.example': ['v=DMARC1; p=reject'] }), ['ok', []])
  assert.deepEqual(
    await check({ '_dmarc.shop.example': ['v=DMARC1; p=none'] }, { name: 'a.b.shop.example' }),
    ['ok', []],
  )
  assert.deepEqual(await check({ '_dmarc.shop.example': ['v=DMARC1; p=reject'] }, { dkimIsRight: false }), [
    'error',
    [
      'the policy p=reject asks receivers to turn away mail without a signature of shop.example: publish the DKIM record before you send',
    ],
  ])
  assert.deepEqual(await check({ '_dmarc.shop.example': ['v=DMARC1; p=none', 'v=DMARC1; p=reject'] }), [
    'error',
    ['there are 2 DMARC records and receivers then use none: delete all but one'],
  ])
  assert.deepEqual(await check({}), ['missing', ['there is no DMARC record at _dmarc.shop.example']])
  assert.deepEqual(await check({ 'dmarc.shop.example': ['v=DMARC1; p=none'] }), [
    'missing',
    [
      "the record stands at dmarc.shop.example; the name begins with an underscore: enter '_dmarc' as its host",
    ],
  ])
  const reports = { '_dmarc.shop.example': ['v=DMARC1; p=none; rua=mailto:x@reports.example'] }
  assert.deepEqual(await check(reports), [
    'advice',
    ['reports will not reach reports.example: it does not say in DNS that it takes them for shop.example'],
  ])
  assert.deepEqual(await check({ ...reports, 'shop.example._report._dmarc.reports.example': ['v=DMARC1'] }), [
    'ok',
    [],
  ])
})

test('MX and return path are the choice of the owner', async () => {
  const world = createWorld()
  const mx = async () => {
    const { status, found, problems } = await checkMx(world.zone, { domainName, host: 'mail.example' })
    return { status, found, problems }
  }
  const elsewhere =
    'mail for the domain goes to other hosts, which is fine unless this instance is to receive it'
  const nowhere =
    'the domain receives no mail: answers and activation mails to its addresses would not arrive'
  assert.deepEqual(await mx(), { status: 'advice', found: [], problems: [nowhere] })
  world.mx.set(domainName, [{ priority: 0, exchange: '' }])
  assert.deepEqual(await mx(), { status: 'advice', found: ['0 .'], problems: [nowhere] })
  world.mx.set(domainName, [{ priority: 5, exchange: 'mx.other.example' }])
  assert.deepEqual(await mx(), { status: 'advice', found: ['5 mx.other.example'], problems: [elsewhere] })
  world.mx.set(domainName, [{ priority: 5, exchange: 'mail.example' }])
  assert.deepEqual(await mx(), { status: 'ok', found: ['5 mail.example'], problems: [] })

  const path = async () => {
    const { status, problems } = await checkReturnPath(world.zone, {
      domainName,
      bounceDomain: 'bounce.mail.example',
    })
    return [status, problems]
  }
  assert.deepEqual(await path(), [
    'advice',
    ['there is no CNAME record at bnc3.shop.example; without it only DKIM counts for DMARC, which is enough'],
  ])
  world.cname.set('bnc3.shop.example.shop.example', 'bounce.mail.example')
  assert.deepEqual(await path(), [
    'error',
    [
      "the record stands at bnc3.shop.example.shop.example; the provider has appended shop.example to it: enter only 'bnc3' as its host",
    ],
  ])
  world.cname.set('bnc3.shop.example', 'bounce.mail.example.shop.example')
  assert.deepEqual(await path(), [
    'error',
    ['the provider has appended shop.example to the target: end it with a dot'],
  ])
  world.cname.set('bnc3.shop.example', 'bounce.other.example')
  assert.deepEqual(await path(), [
    'error',
    ['bnc3.shop.example leads to bounce.other.example; it must lead to bounce.mail.example'],
  ])
  world.cname.set('bnc3.shop.example', 'bounce.mail.example')
  assert.deepEqual(await path(), ['ok', []])
})
