import assert from 'node:assert/strict'
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { Refused } from '../runtime/refused.ts'
import { generateEd25519Key, generateRsaKey, importDkimKey } from './dkim-keys.ts'

function refused(message: RegExp) {
  return (error: unknown) =>
    error instanceof Refused && error.code === 'bad-value' && message.test(error.message)
}

function rsaPem(bits: number, type: 'pkcs1' | 'pkcs8') {
  return generateKeyPairSync('rsa', {
    modulusLength: bits,
    privateKeyEncoding: { type, format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  })
}

test('an RSA key has 2048 bits unless told otherwise, and its public part is what p= holds', async () => {
  for (const [options, bits] of [[{}, 2048] as const, [{ bits: 1024 }, 1024] as const]) {
    const key = await generateRsaKey(options)
    assert.equal(key.algorithm, 'rsa-sha256')
    const published = createPublicKey({
      key: Buffer.from(key.publicKey, 'base64'),
      format: 'der',
      type: 'spki',
    })
    assert.equal(published.asymmetricKeyDetails?.modulusLength, bits)
    assert.ok(published.equals(createPublicKey(createPrivateKey(key.privateKeyPem))))
  }
})

test('an Ed25519 key publishes its 32 bytes', async () => {
  const key = await generateEd25519Key()
  assert.equal(key.algorithm, 'ed25519-sha256')
  const { x } = createPublicKey(createPrivateKey(key.privateKeyPem)).export({ format: 'jwk' })
  assert.equal(Buffer.from(key.publicKey, 'base64').toString('base64url'), x)
})

test('keys of other services are taken over, in both forms', () => {
  for (const type of ['pkcs1', 'pkcs8'] as const) {
    const { privateKey, publicKey } = rsaPem(1024, type)
    const imported = importDkimKey(`\n${privateKey}`)
    assert.equal(imported.algorithm, 'rsa-sha256')
    assert.equal(imported.publicKey, publicKey.replace(/-----[^-]+-----|\n/g, ''))
    assert.match(imported.privateKeyPem, /^-----BEGIN PRIVATE KEY-----/)
  }
})

test('keys that would not do are refused, and the text says why', async () => {
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
    type: 'pkcs8',
    format: 'pem',
  })
  const table: [pem: string, message: RegExp][] = [
    [rsaPem(512, 'pkcs8').privateKey, /1024 to 4096 bits.*this one has 512.*RFC 8301/],
    [rsaPem(1024, 'pkcs8').publicKey, /this is a public key/],
    [ec.toString(), /a ec key cannot sign mail/],
    ['', /not an unencrypted private key/],
    ['-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----', /not an unencrypted private key/],
  ]
  for (const [pem, message] of table) assert.throws(() => importDkimKey(pem), refused(message))

  for (const bits of [512, 768, 8192])
    await assert.rejects(generateRsaKey({ bits }), refused(/1024 to 4096 bits/))
  for (const bits of [0.5, 2047, Number.NaN])
    await assert.rejects(generateRsaKey({ bits }), refused(/cannot be made/))
})
