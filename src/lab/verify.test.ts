import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { dkimSign } from 'mailauth'
import type { DnsRecord } from './records.ts'
import { createVerifier } from './verify.ts'
import { labSpf } from './zone.ts'
import { createZoneSource } from './zone-cache.ts'

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const text = (name: string, value: string): DnsRecord => ({ name, type: 'TXT', value, ttl: 5 })
const published = [
  text(
    'k1._domainkey.shop.example',
    `v=DKIM1; k=rsa; p=${publicKey.export({ type: 'spki', format: 'der' }).toString('base64')}`,
  ),
  text('shop.example', labSpf),
  text('_dmarc.shop.example', 'v=DMARC1; p=reject'),
  text('bounce.shop.example', labSpf),
  text('closed.example', 'v=spf1 -all'),
  text('_dmarc.closed.example', 'v=DMARC1; p=reject'),
]
const zones = createZoneSource({ read: async () => ({ put: [], published }), ipv6: () => false })
const verify = createVerifier(zones)

const plain = (from: string) => `From: ${from}\r\nTo: you@ok.test\r\nSubject: hello\r\n\r\nHello there.\r\n`

async function signed(from: string): Promise<string> {
  const message = plain(from)
  const key = {
    canonicalization: 'relaxed/relaxed',
    signingDomain: 'shop.example',
    selector: 'k1',
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }),
  }
  const { signatures } = await dkimSign(message, { ...key, signatureData: [key] })
  return signatures + message
}

async function verdicts(raw: string, sender: string) {
  const { dkim, spf, dmarc } = await verify(Buffer.from(raw), {
    remoteAddress: '127.0.0.1',
    helo: 'mx.lab.test',
    sender,
  })
  return { dkim, spf, dmarc }
}

test('SPF, DKIM and DMARC as a strict receiver judges them', async () => {
  const shop = 'Shop <hello@shop.example>'
  const good = await signed(shop)
  const cases: [string, string, string, { dkim: string; spf: string; dmarc: string }][] = [
    ['signed, SPF aligned', good, 'b+1@bounce.shop.example', { dkim: 'pass', spf: 'pass', dmarc: 'pass' }],
    ['signed, sent from elsewhere', good, 'x@closed.example', { dkim: 'pass', spf: 'fail', dmarc: 'pass' }],
    [
      'unsigned, SPF aligned',
      plain(shop),
      'hello@shop.example',
      { dkim: 'none', spf: 'pass', dmarc: 'pass' },
    ],
    ['unsigned, SPF of another', plain(shop), 'x@lab.test', { dkim: 'none', spf: 'pass', dmarc: 'fail' }],
    [
      'body changed',
      good.replace('there', 'their'),
      'x@lab.test',
      { dkim: 'fail', spf: 'pass', dmarc: 'fail' },
    ],
    [
      'subject changed',
      good.replace('Subject: hello', 'Subject: hallo'),
      'x@lab.test',
      { dkim: 'fail', spf: 'pass', dmarc: 'fail' },
    ],
    [
      'signed by one, from another',
      await signed('a@closed.example'),
      'a@shop.example',
      { dkim: 'pass', spf: 'pass', dmarc: 'fail' },
    ],
    [
      'a domain nobody set up',
      plain('a@nothing.test'),
      'a@nothing.test',
      { dkim: 'none', spf: 'none', dmarc: 'none' },
    ],
    ['null sender of the lab', plain('a@lab.test'), '', { dkim: 'none', spf: 'pass', dmarc: 'none' }],
    [
      'without From',
      'To: a@b.test\r\n\r\nhi\r\n',
      'a@nothing.test',
      { dkim: 'none', spf: 'none', dmarc: 'permerror' },
    ],
    [
      'DNS fails',
      plain('a@servfail.test'),
      'a@servfail.test',
      { dkim: 'none', spf: 'temperror', dmarc: 'temperror' },
    ],
  ]
  for (const [what, raw, sender, expected] of cases)
    assert.deepEqual(await verdicts(raw, sender), expected, what)
})

test('the Authentication-Results field says who judged', async () => {
  const { authenticationResults } = await verify(Buffer.from(plain('a@shop.example')), {
    remoteAddress: '127.0.0.1',
    helo: 'mx.lab.test',
    sender: 'a@shop.example',
  })
  assert.match(
    authenticationResults,
    /^Authentication-Results: mx\.lab\.test;\r\n dkim=none .*\r\n spf=pass .*\r\n dmarc=pass /,
  )
  assert.doesNotMatch(authenticationResults, /Received-SPF/)
})
