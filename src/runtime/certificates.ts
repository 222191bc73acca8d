/** TLS certificates of this instance: the operator's files, or a private CA of our own made at the first start. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { join } from 'node:path'
import { makeAuthority, makeServerCertificate, normaliseNames } from './make-certificates.ts'
import { isErrorCode, replaceFile } from './write-file.ts'

/** PEM texts as node:tls takes them. */
export type Certificates = {
  /** The server certificate, then the certificates that lead to its authority. */
  certificate: string
  key: string
  /** What clients have to trust; undefined when a public authority made the certificate. */
  ca: string | undefined
  caPath: string | undefined
}

export type OwnCertificates = Certificates & { ca: string; caPath: string }

/** Certificates that cannot be used; the message says which file, why, and what would be right. */
export class CertificateProblem extends Error {
  override readonly name = 'CertificateProblem'
}

const day = 86_400_000
const renewBefore = 30 * day

/**
 * The private CA and the server certificate in `folder`, made where they are missing. The server certificate is
 * renewed when `names` changed or fewer than 30 days remain; the CA stays, since clients trust it by its file.
 */
export async function ensureCertificates({
  folder,
  names,
  now,
}: {
  folder: string
  names: readonly string[]
  now: number
}): Promise<OwnCertificates> {
  const caPath = join(folder, 'ca.pem')
  const authority = (await readAuthority(folder, now)) ?? (await createAuthority(folder, now))
  const wanted = normaliseNames(['localhost', '127.0.0.1', '::1', ...names])

  const server =
    (await readServer(folder, { authority: authority.certificate, names: wanted, now })) ??
    (await createServer(folder, { authority, names: wanted, now }))
  return {
    ...server,
    certificate: server.certificate + authority.certificate,
    ca: authority.certificate,
    caPath,
  }
}

/** The operator's own files, checked: there, matching each other, and valid now. */
export async function loadCertificates({
  certificatePath,
  keyPath,
  caPath,
  now,
}: {
  certificatePath: string
  keyPath: string
  /** For clients that need to be told which CA to trust. */
  caPath?: string
  now: number
}): Promise<Certificates> {
  const certificate = await readOrExplain(certificatePath, 'TLS certificate')
  const key = await readOrExplain(keyPath, 'TLS key')
  const ca = caPath === undefined ? undefined : await readOrExplain(caPath, 'CA certificate')

  const parsed = parseCertificate(certificate, certificatePath)
  if (!parsed.checkPrivateKey(parseKey(key, keyPath))) {
    throw new CertificateProblem(
      `The TLS key ${keyPath} does not belong to the certificate ${certificatePath}. The server's own certificate must come first in the file, and the key must be the one it was made for.`,
    )
  }
  if (now >= parsed.validToDate.getTime()) {
    throw new CertificateProblem(
      `The TLS certificate ${certificatePath} expired on ${parsed.validToDate.toISOString()}. Renew it.`,
    )
  }
  if (now < parsed.validFromDate.getTime()) {
    throw new CertificateProblem(
      `The TLS certificate ${certificatePath} is valid only from ${parsed.validFromDate.toISOString()}. Check this machine's clock.`,
    )
  }
  if (ca !== undefined && caPath !== undefined) parseCertificate(ca, caPath)
  return { certificate, key, ca, caPath }
}

async function readAuthority(folder: string, now: number) {
  const certificatePath = join(folder, 'ca.pem')
  const keyPath = join(folder, 'ca-key.pem')
  const certificate = await readIfThere(certificatePath)
  // The key alone is a first start that was interrupted: nobody can trust that CA yet.
  if (certificate === undefined) return undefined

  const parsed = parseCertificate(certificate, certificatePath)
  if (now >= parsed.validToDate.getTime() - renewBefore) return undefined
  const key = await readIfThere(keyPath)
  if (key === undefined || !parsed.checkPrivateKey(parseKey(key, keyPath))) {
    throw new CertificateProblem(
      `${keyPath} ${key === undefined ? 'is missing' : 'is not the key of ca.pem beside it'}. Put it back from your backup, or remove ${certificatePath} to start a new CA, which clients must then be told to trust.`,
    )
  }
  return { certificate, key }
}

async function createAuthority(folder: string, now: number) {
  const authority = await makeAuthority(now)
  // The certificate last: once it is there, the pair is complete.
  await replaceFile(join(folder, 'ca-key.pem'), { data: authority.key, mode: 0o600 })
  await replaceFile(join(folder, 'ca.pem'), { data: authority.certificate, mode: 0o644 })
  return authority
}

/** The stored server certificate, or undefined when another is due. */
async function readServer(
  folder: string,
  { authority, names, now }: { authority: string; names: readonly string[]; now: number },
) {
  const certificate = await readIfThere(join(folder, 'server.pem'))
  const key = await readIfThere(join(folder, 'server-key.pem'))
  if (certificate === undefined || key === undefined) return undefined

  const parsed = parseCertificate(certificate, join(folder, 'server.pem'))
  const usable =
    parsed.checkPrivateKey(parseKey(key, join(folder, 'server-key.pem'))) &&
    parsed.verify(new X509Certificate(authority).publicKey) &&
    now < parsed.validToDate.getTime() - renewBefore &&
    now >= parsed.validFromDate.getTime() &&
    namesExactly(parsed, names)
  return usable ? { certificate, key } : undefined
}

async function createServer(
  folder: string,
  options: { authority: { certificate: string; key: string }; names: readonly string[]; now: number },
) {
  const server = await makeServerCertificate(options)
  await replaceFile(join(folder, 'server-key.pem'), { data: server.key, mode: 0o600 })
  await replaceFile(join(folder, 'server.pem'), { data: server.certificate, mode: 0o644 })
  return server
}

function namesExactly(certificate: X509Certificate, names: readonly string[]): boolean {
  const held = (certificate.subjectAltName ?? '').split(', ')
  return (
    held.length === names.length &&
    names.every((name) =>
      isIP(name) === 0 ? held.includes(`DNS:${name}`) : certificate.checkIP(name) !== undefined,
    )
  )
}

function parseCertificate(pem: string, path: string): X509Certificate {
  try {
    return new X509Certificate(pem)
  } catch (error) {
    throw new CertificateProblem(`${path} does not hold a certificate in PEM form.`, { cause: error })
  }
}

function parseKey(pem: string, path: string): KeyObject {
  try {
    return createPrivateKey(pem)
  } catch (error) {
    throw new CertificateProblem(`${path} does not hold an unencrypted private key in PEM form.`, {
      cause: error,
    })
  }
}

async function readOrExplain(path: string, what: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const why = isErrorCode(error, 'ENOENT') ? 'there is no such file' : String(error)
    throw new CertificateProblem(`The ${what} ${path} cannot be read: ${why}.`, { cause: error })
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (isErrorCode(error, 'ENOENT')) return undefined
    throw error
  }
}
