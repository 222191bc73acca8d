/** Where this instance listens, and under which addresses its clients reach it. */
import type { Config, Port } from '../config.ts'
import type { HttpListener } from '../http/server.ts'
import type { Certificates } from '../runtime/certificates.ts'

export function httpListeners({ http, roles }: Config, { certificate, key }: Certificates): HttpListener[] {
  if (!roles.includes('api')) return []
  const listeners: HttpListener[] = []
  if (http.port !== 'off') listeners.push({ host: http.host, port: http.port })
  if (http.tlsPort !== 'off') {
    listeners.push({ host: http.host, port: http.tlsPort, tls: { cert: certificate, key } })
  }
  return listeners
}

/** Where browsers reach this instance, as far as the settings tell. */
export function guessUrl({ name, mode, http: { port, tlsPort } }: Config): string {
  const host = mode === 'lab' ? '127.0.0.1' : name
  if (isOpen(tlsPort) && mode === 'live') return `https://${host}${tlsPort === 443 ? '' : `:${tlsPort}`}`
  return `http://${host}${!isOpen(port) || port === 80 ? '' : `:${port}`}`
}

/** A host that a client on this machine can use in a URL. */
export function urlHost({ http: { host } }: Config): string {
  if (host === '::' || host === '0.0.0.0' || host === '127.0.0.1') return '127.0.0.1'
  return host.includes(':') ? `[${host}]` : host
}

export function isOpen(port: Port): port is number {
  return port !== 'off'
}
