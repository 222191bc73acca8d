/** The SMTP doors that the settings ask for. */
import { findApiKey } from '../accounts/api-keys.ts'
import type { Config } from '../config.ts'
import type { Certificates } from '../runtime/certificates.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Log } from '../runtime/log.ts'
import { createSubmissionServer, type SubmissionServer } from '../smtp/submission.ts'
import type { Storage } from '../storage/storage.ts'
import { isOpen } from './listeners.ts'

export async function createSubmission({
  config: { smtp, name },
  certificates,
  intake,
  authenticator,
  storage,
  log,
  clock,
}: {
  config: Config
  certificates: Certificates
  intake: Parameters<typeof createSubmissionServer>[0]['intake']
  authenticator: Parameters<typeof createSubmissionServer>[0]['authenticator']
  storage: Storage
  log: Log
  clock: Clock
}): Promise<SubmissionServer> {
  const { trusted } = smtp
  const trustedKey = trusted.apiKey === undefined ? undefined : await findApiKey(storage, trusted.apiKey)
  const starttls = smtp.starttlsPorts.map((port) => ({ host: smtp.host, port, tls: 'starttls' as const }))
  const implicit =
    smtp.tlsPort === 'off' ? [] : [{ host: smtp.host, port: smtp.tlsPort, tls: 'implicit' as const }]
  return createSubmissionServer({
    listeners: [...starttls, ...implicit],
    ...(isOpen(trusted.port) &&
      trustedKey !== undefined && {
        trusted: {
          host: trusted.host,
          port: trusted.port,
          networks: trusted.networks,
          keyId: trustedKey.id,
        },
      }),
    secureContext: { cert: certificates.certificate, key: certificates.key },
    intake,
    authenticator,
    config: {
      name,
      maxMessageBytes: smtp.maxMessageBytes,
      maxRecipients: smtp.maxRecipients,
      plainAuthOnLoopback: smtp.plainAuthOnLoopback,
      envelopeCheck: smtp.envelopeCheck,
    },
    limits: {
      maxConnections: smtp.maxConnections,
      maxConnectionsPerAddress: smtp.maxConnectionsPerAddress,
      idleTimeoutMs: smtp.idleSeconds * 1000,
      dataTimeoutMs: smtp.dataSeconds * 1000,
      messageTimeoutMs: smtp.messageSeconds * 1000,
    },
    log,
    clock,
  })
}
