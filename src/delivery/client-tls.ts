/** TLS as a client: whom to trust, which certificate to show, and what was agreed on, for people. */
import { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import {
  checkServerIdentity,
  createSecureContext,
  getCACertificates,
  type SecureContext,
  type TLSSocket,
} from 'node:tls'
import { createRecent } from '../runtime/recent.ts'

export type TlsWish = {
  /** For SNI, and what a verified certificate must be for. */
  host: string
  verify: boolean
  trustedCas?: readonly string[]
  /** PEM: who we are, for servers that ask. */
  client?: ClientCertificate
}

export type ClientCertificate = { certificate: string; privateKey: string }

export type TlsFacts = {
  version: string
  cipher: string
  certificate: {
    /** The common name; '' when there is none. */
    subject: string
    /** Host names and IP addresses that it is for. */
    names: readonly string[]
    /** Milliseconds since 1970. */
    validTo: number
    /** Made by an authority that we trust, valid now, and for the host that we asked for. */
    verified: boolean
  } | null
}

type TlsOptions = {
  servername: string
  host: string
  rejectUnauthorized: false
  minVersion: 'TLSv1.2'
  secureContext?: SecureContext
}

/** `problem`: our own certificate cannot be used. */
export function tlsOptions({ host, trustedCas, client }: TlsWish): TlsOptions | { problem: string } {
  const options: TlsOptions = {
    // RFC 6066 §3: no IP addresses as server names.
    servername: isIP(host) === 0 ? host : '',
    host,
    // Checked after the handshake (`whyNotTrusted`), so that a certificate that is not accepted can be described.
    rejectUnauthorized: false,
    minVersion: 'TLSv1.2',
  }
  if (client === undefined && trustedCas === undefined) return options
  const context = contextWith(trustedCas ?? [], client)
  return typeof context === 'string' ? { problem: context } : { ...options, secureContext: context }
}

// Parsing the well-known authorities takes longer than a handshake.
const contexts = createRecent<string, SecureContext>({ max: 50 })

/** Trusts these authorities beside the well-known ones. Words when the client certificate is of no use. */
function contextWith(
  trustedCas: readonly string[],
  client: ClientCertificate | undefined,
): SecureContext | string {
  const key = [...trustedCas, client?.certificate ?? '', client?.privateKey ?? ''].join('\n')
  const known = contexts.get(key)
  if (known !== undefined) return known
  const ca = [...getCACertificates('default'), ...trustedCas]
  try {
    const context = createSecureContext({
      ca,
      minVersion: 'TLSv1.2',
      ...(client !== undefined && { cert: client.certificate, key: client.privateKey }),
    })
    contexts.set(key, context)
    return context
  } catch (error) {
    // OpenSSL's words are about the file that it could not read, never about what is in it.
    if (client === undefined) throw error
    return `the client certificate could not be loaded: ${error instanceof Error ? error.message : String(error)}`
  }
}

/** Why a certificate is not good enough for the host; undefined when it is. */
export function whyNotTrusted(socket: TLSSocket, host: string): string | undefined {
  if (socket.authorized) return undefined
  const code = String(socket.authorizationError)
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const mismatch = checkServerIdentity(host, socket.getPeerCertificate())
    return mismatch === undefined ? `the certificate is not for ${host}` : mismatch.message
  }
  return distrust[code] ?? `the certificate is not accepted (${code})`
}

const distrust: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'the certificate has expired',
  CERT_NOT_YET_VALID: 'the certificate is not valid yet',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'the certificate comes from an authority that is not trusted here',
  UNABLE_TO_GET_ISSUER_CERT: 'the certificate comes from an authority that is not known here',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the certificate comes from an authority that is not known here',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the certificate comes from an authority that is not known here',
}

export function readTlsFacts(socket: TLSSocket): TlsFacts {
  const cipher = socket.getCipher()
  return {
    version: socket.getProtocol() ?? '',
    cipher: cipher.standardName ?? cipher.name,
    certificate: readCertificate(socket),
  }
}

function readCertificate(socket: TLSSocket): TlsFacts['certificate'] {
  const { raw } = socket.getPeerCertificate() ?? {}
  if (raw === undefined) return null
  const parsed = new X509Certificate(raw)
  return {
    subject: /^CN=(.*)$/m.exec(parsed.subject)?.[1] ?? '',
    names: (parsed.subjectAltName ?? '')
      .split(', ')
      .filter((name) => name !== '')
      .map((name) => name.replace(/^(?:DNS|IP Address):/, '')),
    validTo: parsed.validToDate.getTime(),
    verified: socket.authorized,
  }
}
