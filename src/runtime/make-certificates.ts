/** Makes certificates: ECDSA P-256, since an RSA handshake costs ten times as much (reference/limits.md). */
import { createPrivateKey, randomBytes, webcrypto } from 'node:crypto'
import { isIP } from 'node:net'
import { domainToASCII } from 'node:url'

export type KeyAndCertificate = { certificate: string; key: string }

const day = 86_400_000
const authorityLifetime = 3650 * day
// The longest that Apple's platforms accept from a private authority.
const serverLifetime = 825 * day
// Another machine's clock may be a little behind ours.
const backdating = day

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

/** Lower-case, A-labels, without repetition. */
export function normaliseNames(names: readonly string[]): string[] {
  const normal = names.map((name) => {
    if (isIP(name) !== 0) return name.toLowerCase()
    // domainToASCII refuses the star of a wildcard.
    const stem = name.startsWith('*.') ? name.slice(2) : name
    const ascii = domainToASCII(stem)
    if (ascii === '')
      throw new Error(`'${name}' cannot be named in a certificate: it is no host name or address`)
    return name.slice(0, name.length - stem.length) + ascii
  })
  return [...new Set(normal)]
}

export async function makeAuthority(now: number): Promise<KeyAndCertificate> {
  const x509 = await loadX509()
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    // The tail tells the CAs of several instances apart in a client's trust store.
    name: [{ CN: [`Paravion private CA ${randomBytes(4).toString('hex')}`] }],
    notBefore: new Date(now - backdating),
    notAfter: new Date(now + authorityLifetime),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return { certificate: `${certificate.toString('pem')}\n`, key: await exportKey(keys.privateKey) }
}

export async function makeServerCertificate({
  authority,
  names,
  now,
}: {
  authority: KeyAndCertificate
  names: readonly string[]
  now: number
}): Promise<KeyAndCertificate> {
  const x509 = await loadX509()
  const issuer = new x509.X509Certificate(authority.certificate)
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const pkcs8 = createPrivateKey(authority.key).export({ type: 'pkcs8', format: 'der' })
  const signingKey = await webcrypto.subtle.importKey('pkcs8', pkcs8, algorithm, false, ['sign'])

  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    // RFC 5280 limits a CN to 64 characters; who checks names reads the alternative names.
    subject: [
      {
        CN: [
          names.find((name) => name !== 'localhost' && name.length <= 64 && isIP(name) === 0) ?? 'localhost',
        ],
      },
    ],
    issuer: issuer.subjectName,
    notBefore: new Date(now - backdating),
    notAfter: new Date(Math.min(now + serverLifetime, issuer.notAfter.getTime())),
    signingAlgorithm: algorithm,
    publicKey: keys.publicKey,
    signingKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(
        names.map((name) => ({ type: isIP(name) === 0 ? 'dns' : 'ip', value: name })),
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  })
  return { certificate: `${certificate.toString('pem')}\n`, key: await exportKey(keys.privateKey) }
}

/** Loaded when first needed: most starts find their certificates made. */
async function loadX509() {
  await import('reflect-metadata')
  return import('@peculiar/x509')
}

/** RFC 5280 §4.1.2.2: positive, at most 20 octets. */
function serialNumber(): string {
  const bytes = randomBytes(16)
  bytes.writeUInt8((bytes.readUInt8(0) & 0x7f) | 0x40, 0)
  return bytes.toString('hex')
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key))
  return createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
    .export({ type: 'pkcs8', format: 'pem' })
    .toString()
}
