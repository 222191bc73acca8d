import assert from 'node:assert/strict'
import { createHash, generateKeyPairSync } from 'node:crypto'
import { before, describe, test } from 'node:test'
import fc from 'fast-check'
import { dkimVerify } from 'mailauth/lib/dkim/verify.js'
import { bodyHash } from './body-hash.ts'
import { signMessage } from './dkim.ts'
import type { SigningKey } from './signing-key.ts'

const now = Date.now()
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ed25519 = generateKeyPairSync('ed25519')
const rsaKey: SigningKey = {
  domain: 'shop.example',
  selector: 'k1',
  algorithm: 'rsa-sha256',
  key: rsa.privateKey,
}
const edKey: SigningKey = {
  domain: 'shop.example',
  selector: 'e1',
  algorithm: 'ed25519-sha256',
  key: ed25519.privateKey,
}

const records: Record<string, string> = {
  'k1._domainkey.shop.example': `v=DKIM1; k=rsa; p=${rsa.publicKey.export({ type: 'spki', format: 'der' }).toString('base64')}`,
  'e1._domainkey.shop.example': `v=DKIM1; k=ed25519; p=${ed25519.publicKey.export({ type: 'spki', format: 'der' }).subarray(-32).toString('base64')}`,
}

async function resolver(name: string, type: string) {
  const record = type === 'TXT' ? records[name] : undefined
  if (record === undefined) throw Object.assign(new Error('not found'), { code: 'ENOTFOUND' })
  return [[record]]
}

async function verdicts(message: Buffer): Promise<string[]> {
  const { results } = await dkimVerify(message, { resolver })
  return results.map((result: { status: { result: string } }) => result.status.result)
}

async function signed(content: Buffer, keys = [rsaKey, edKey]): Promise<Buffer> {
  return Buffer.concat([Buffer.from(await signMessage(content, keys, { now })), content])
}

const plain = Buffer.from(
  'From: Shop <hello@shop.example>\r\nTo: ada@example.net\r\nSubject: Your order\r\n' +
    'Date: Mon, 23 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@shop.example>\r\n\r\nThank you.\r\n',
)

describe('bodyHash', () => {
  const cases: [name: string, body: string, relaxed: string][] = [
    ['no body', '', ''],
    ['only line breaks', '\r\n\r\n\r\n', ''],
    ['only blanks and line breaks', ' \t\r\n \r\n', ''],
    ['one line', 'a\r\n', 'a\r\n'],
    ['no line break at the end', 'a', 'a\r\n'],
    ['blanks at the end without line break', 'a \t', 'a\r\n'],
    ['empty lines at the end', 'a\r\n\r\n\r\n', 'a\r\n'],
    ['lines of blanks at the end', 'a\r\n  \r\n\t\r\n', 'a\r\n'],
    ['empty lines at the start', '\r\n\r\na\r\n', '\r\n\r\na\r\n'],
    ['runs of blanks', 'a \t b  c\r\n', 'a b c\r\n'],
    ['blanks at the start of a line', '  a\r\n', ' a\r\n'],
    ['blanks at the end of a line', 'a \t\r\nb\r\n', 'a\r\nb\r\n'],
    ['the example of RFC 6376 §3.4.5', ' C \r\nD \t E\r\n\r\n\r\n', ' C\r\nD E\r\n'],
    ['a blank before a lone CR', 'a \rb\r\n', 'a \rb\r\n'],
  ]
  for (const [name, body, relaxed] of cases) {
    test(name, () => {
      const expected = createHash('sha256').update(relaxed).digest('base64')
      assert.equal(bodyHash(Buffer.from(`X: y\r\n\r\n${body}`), 8), expected)
    })
  }

  test('a body larger than the scratch buffer', () => {
    const body = 'word  word \r\n'.repeat(50_000)
    const expected = createHash('sha256').update('word word\r\n'.repeat(50_000)).digest('base64')
    assert.equal(bodyHash(Buffer.from(`${body}\r\n\r\n`), 0), expected)
  })
})

describe('signMessage', () => {
  test('both algorithms verify', async () => {
    assert.deepEqual(await verdicts(await signed(plain)), ['pass', 'pass'])
  })

  test('the field is folded, ends with CRLF, and says what it must', async () => {
    const field = await signMessage(plain, [rsaKey], { now: 1_795_000_000_500, validForMs: 7 * 86_400_000 })
    const lines = field.split('\r\n')
    assert.equal(lines.pop(), '')
    assert.deepEqual(
      lines.filter((line) => line.length > 78),
      [],
    )
    assert.deepEqual(
      lines.slice(1).filter((line) => !line.startsWith('\t')),
      [],
    )
    assert.equal(
      field.replaceAll('\r\n\t', ' ').replace(/bh=.*/s, ''),
      'DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=shop.example; s=k1; t=1795000000; x=1795604800; ' +
        'h=from:from:to:to:cc:subject:subject:date:date:message-id:message-id: reply-to:sender:mime-version:' +
        'content-type:list-id:list-unsubscribe: list-unsubscribe-post:list-help; ',
    )
    assert.doesNotMatch(field, /[; ]l=/)
  })

  test('an added, changed or removed header breaks it; Received does not', async () => {
    const message = await signed(plain)
    const changed = (edit: (text: string) => string) =>
      verdicts(Buffer.from(edit(message.toString('latin1')), 'latin1'))
    const broken = ['fail', 'fail']
    assert.deepEqual(await changed((text) => `Subject: Free money\r\n${text}`), broken)
    assert.deepEqual(await changed((text) => `Reply-To: evil@example.net\r\n${text}`), broken)
    assert.deepEqual(await changed((text) => `Cc: eve@example.net\r\n${text}`), broken)
    assert.deepEqual(await changed((text) => text.replace('Your order', 'Your 0rder')), broken)
    assert.deepEqual(await changed((text) => text.replace(/Date: .*\r\n/, '')), broken)
    assert.deepEqual(await changed((text) => `Received: from a by b; now\r\n${text}`), ['pass', 'pass'])
  })

  test('a message without From, or a key that cannot sign, is an error and never a missing signature', async () => {
    const noFrom = Buffer.from('To: ada@example.net\r\n\r\nx\r\n')
    await assert.rejects(signMessage(noFrom, [rsaKey], { now }), /without From/)
    const wrong = { ...rsaKey, key: rsa.publicKey }
    await assert.rejects(signMessage(plain, [wrong], { now }))
  })

  let message: fc.Arbitrary<Buffer>
  before(() => {
    const blank = fc.stringMatching(/^[ \t]{0,3}$/)
    const text = fc.oneof(
      fc.stringMatching(/^[ -~\t]{0,40}$/),
      fc.string({ unit: 'grapheme', maxLength: 20 }).map((s) => s.replaceAll(/[\r\n\0]/g, '')),
    )
    const value = fc
      .tuple(
        text,
        blank,
        fc.array(
          text.map((s) => `x${s}`),
          { maxLength: 3 },
        ),
      )
      .map(([first, indent, more]) => [`x${first}`, ...more.map((line) => ` ${indent}${line}`)].join('\r\n'))
    const name = fc.constantFrom(
      'Subject',
      'TO',
      'cc',
      'X-Odd',
      'References',
      'List-Id',
      'Received',
      'Feedback-ID',
    )
    const field = fc.tuple(name, blank, value).map(([n, b, v]) => `${n}:${b}${v}\r\n`)
    const body = fc.oneof(
      fc.constantFrom('', '\r\n', '\r\n\r\n\r\n', '\r\n \r\n', '\r\nlast line without break'),
      fc
        .array(
          fc.tuple(text, blank).map((line) => line.join('')),
          { maxLength: 8 },
        )
        .map((lines) => `\r\n${lines.join('\r\n')}`),
    )
    message = fc.tuple(fc.array(field, { maxLength: 8 }), fc.nat(8), body).map(([fields, at, rest]) => {
      const all = fields.toSpliced(at, 0, 'From: "A  B"\r\n\t<a@shop.example>\r\n')
      return Buffer.from(all.join('') + rest)
    })
  })

  test('odd messages verify too', async () => {
    await fc.assert(
      fc.asyncProperty(message, async (content) => {
        const whole = await signed(content)
        assert.deepEqual(await verdicts(whole), ['pass', 'pass'], JSON.stringify(whole.toString()))
      }),
      { numRuns: 150 },
    )
  })
})
