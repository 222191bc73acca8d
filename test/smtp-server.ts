/** A server on a free port and what it was given, for tests of the SMTP engine. */

import { systemClock } from '../src/runtime/clock.ts'
import { silentLog } from '../src/runtime/log.ts'
import { makeAuthority, makeServerCertificate } from '../src/runtime/make-certificates.ts'
import type { SmtpHandlers, SmtpListener, SmtpMessage, SmtpSession } from '../src/smtp/handlers.ts'
import type { SmtpLimits } from '../src/smtp/limits.ts'
import { createSmtpServer } from '../src/smtp/server.ts'
import { openWire } from './smtp-wire.ts'

export const serverName = 'mx.lab.test'

/** A certificate for `mx.lab.test`, and the authority that clients have to trust. */
export async function makeTestCertificate() {
  const authority = await makeAuthority(Date.now())
  const made = await makeServerCertificate({ authority, names: [serverName], now: Date.now() })
  return { ca: authority.certificate, secureContext: { cert: made.certificate, key: made.key } }
}

export type TestServerOptions = {
  listener?: Partial<SmtpListener>
  handlers?: Partial<SmtpHandlers>
  limits?: Partial<SmtpLimits>
  secureContext?: { cert: string; key: string }
}

export async function startTestServer({ listener, handlers, limits, secureContext }: TestServerOptions = {}) {
  const messages: SmtpMessage[] = []
  const sessions: SmtpSession[] = []
  const server = createSmtpServer({
    name: serverName,
    listeners: [{ host: '127.0.0.1', port: 0, tls: 'none', ...listener }],
    ...(secureContext !== undefined && { secureContext }),
    handlers: {
      data: (session, message) => {
        messages.push(message)
        sessions.push({ ...session })
        return { code: 250, enhanced: '2.0.0', text: `Ok: message ${messages.length}` }
      },
      ...handlers,
    },
    ...(limits !== undefined && { limits }),
    log: silentLog,
    clock: systemClock,
  })
  const [port = 0] = await server.listen()
  return {
    server,
    port,
    messages,
    sessions,
    /** A connection that has read the greeting and, unless told otherwise, said EHLO. */
    async open({ hello = true }: { hello?: boolean } = {}) {
      const wire = await openWire(port)
      await wire.read()
      if (hello) {
        wire.write('EHLO client.example\r\n')
        await wire.read()
      }
      return wire
    },
    [Symbol.asyncDispose]: () => server.stop(),
  }
}

export const envelope = 'MAIL FROM:<a@shop.example>\r\nRCPT TO:<b@lab.test>\r\nDATA\r\n'
