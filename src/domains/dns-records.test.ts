import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dkimRecord, dmarcRecord, formatZoneLine, spfRecord, toHostAndValue } from './dns-records.ts'

const domainName = 'shop.example'

test('records have the names and values to publish', () => {
  const key = { domainName, selector: 'mailjet', publicKey: 'MIIB' }
  const records = [
    dkimRecord({ ...key, algorithm: 'rsa-sha256' }),
    dkimRecord({ ...key, algorithm: 'ed25519-sha256' }),
    spfRecord({ domainName, include: 'spf.mail.example' }),
    dmarcRecord({ domainName }),
  ]
  assert.deepEqual(
    records.map(({ name, value }) => [name, value]),
    [
      ['mailjet._domainkey.shop.example.', 'v=DKIM1; k=rsa; p=MIIB'],
      ['mailjet._domainkey.shop.example.', 'v=DKIM1; k=ed25519; p=MIIB'],
      ['shop.example.', 'v=spf1 include:spf.mail.example ~all'],
      ['_dmarc.shop.example.', 'v=DMARC1; p=none; rua=mailto:postmaster@shop.example'],
    ],
  )
  assert.deepEqual(
    records.map((record) => toHostAndValue(record, domainName).host),
    ['mailjet._domainkey', 'mailjet._domainkey', '@', '_dmarc'],
  )
})

test('a zone line cuts long values into strings of 255', () => {
  const record = dkimRecord({
    domainName,
    selector: 's',
    algorithm: 'rsa-sha256',
    publicKey: 'A'.repeat(392),
  })
  const line = formatZoneLine(record)
  const strings = [...line.matchAll(/"([^"]*)"/g)].map((match) => match[1] ?? '')
  assert.ok(line.startsWith('s._domainkey.shop.example. IN TXT "v=DKIM1; k=rsa; p=A'))
  assert.deepEqual(
    strings.map((text) => text.length),
    [255, 155],
  )
  assert.equal(strings.join(''), record.value)
})
