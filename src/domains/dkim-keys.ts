/** Pairs of keys for DKIM: made here, or brought along with their selector. */
import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { Refused } from '../runtime/refused.ts'
import type { SigningKey } from '../signing/signing-key.ts'

export type DkimKey = {
  algorithm: SigningKey['algorithm']
  /** PKCS#8. */
  privateKeyPem: string
  /** The p= tag. */
  publicKey: string
}

// RFC 8301 §3.2: below 1024 nobody verifies; above 4096 few can, and the record outgrows DNS over UDP.
const smallestBits = 1024
const largestBits = 4096
const usualBits = 2048

const generate = promisify(generateKeyPair)

export async function generateRsaKey({ bits = usualBits }: { bits?: number } = {}): Promise<DkimKey> {
  if (!Number.isInteger(bits) || bits % 256 !== 0) {
    throw new Refused(
      'bad-value',
      `an RSA key of ${bits} bits cannot be made; use 2048 (usual), 1024, 3072 or 4096`,
    )
  }
  checkBits(bits)
  const { privateKey } = await generate('rsa', { modulusLength: bits })
  return toDkimKey(privateKey)
}

export async function generateEd25519Key(): Promise<DkimKey> {
  const { privateKey } = await generate('ed25519')
  return toDkimKey(privateKey)
}

/** A private key in PEM form (PKCS#8 or PKCS#1), as OpenDKIM, Postfix guides and other services hand it out. */
export function importDkimKey(pem: string): DkimKey {
  const key = readPrivateKey(pem)
  if (key.asymmetricKeyType === 'rsa') {
    checkBits(key.asymmetricKeyDetails?.modulusLength ?? 0)
  } else if (key.asymmetricKeyType !== 'ed25519') {
    throw new Refused(
      'bad-value',
      `a ${key.asymmetricKeyType} key cannot sign mail; DKIM knows RSA and Ed25519`,
    )
  }
  return toDkimKey(key)
}

export function checkSelector(selector: string): string {
  const normal = selector.trim().toLowerCase()
  // RFC 6376 §3.1: labels of a domain name, joined by dots.
  const label = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?'
  if (normal.length > 63 || !new RegExp(`^${label}(?:\\.${label})*$`).test(normal)) {
    throw new Refused(
      'bad-value',
      `'${selector.slice(0, 100)}' is not a selector; use letters, digits and hyphens, like mail2026`,
    )
  }
  return normal
}

function readPrivateKey(pem: string): KeyObject {
  if (/-----BEGIN (RSA )?PUBLIC KEY-----/.test(pem)) {
    throw new Refused(
      'bad-value',
      'this is a public key; signing needs the private one (-----BEGIN PRIVATE KEY-----)',
    )
  }
  try {
    return createPrivateKey(pem)
  } catch (error) {
    throw new Refused(
      'bad-value',
      'this is not an unencrypted private key in PEM form (-----BEGIN PRIVATE KEY----- or -----BEGIN RSA PRIVATE KEY-----)',
      { cause: error },
    )
  }
}

function checkBits(bits: number): void {
  if (bits < smallestBits || bits > largestBits) {
    throw new Refused(
      'bad-value',
      `an RSA key for DKIM must have ${smallestBits} to ${largestBits} bits, 2048 is usual; this one has ${bits}${bits < smallestBits ? ' and receivers would ignore its signatures (RFC 8301)' : ''}`,
    )
  }
}

function toDkimKey(key: KeyObject): DkimKey {
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'der' })
  const isRsa = key.asymmetricKeyType === 'rsa'
  return {
    algorithm: isRsa ? 'rsa-sha256' : 'ed25519-sha256',
    privateKeyPem: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    // RFC 8463 §4.2: the 32 bytes themselves, without the ASN.1 around them, which stands in front.
    publicKey: (isRsa ? publicKey : publicKey.subarray(-32)).toString('base64'),
  }
}
