/** The lab as the settings want it. */
import type { Config } from '../config.ts'
import { type Lab, startLab } from '../lab/lab.ts'
import type { Certificates } from '../runtime/certificates.ts'
import type { Log } from '../runtime/log.ts'
import type { Storage } from '../storage/storage.ts'
import { publishedRecords } from './published-records.ts'

export function startLabFor({
  config,
  storage,
  log,
  certificates,
  ownMailDomains,
  mxPort,
}: {
  config: Config
  storage: Storage
  log: Log
  certificates: Certificates
  /** Domains whose mail comes back to this instance. */
  ownMailDomains: readonly string[]
  /** Of our own mail host; undefined while it does not listen. */
  mxPort: () => number | undefined
}): Promise<Lab> {
  const { name, lab, log: logging } = config
  return startLab({
    storage,
    log,
    logLevel: logging.level === 'silent' ? 'fatal' : logging.level,
    ports: { dns: lab.dnsPort, receiver: lab.receiverPort },
    tls: { cert: certificates.certificate, key: certificates.key },
    ownMailHost() {
      const port = mxPort()
      return port === undefined ? null : { host: name, port }
    },
    published: () => publishedRecords(storage, { name, ownMailDomains }),
    settings: {
      greylistMs: lab.greylistSeconds * 1000,
      slowMs: lab.slowSeconds * 1000,
      reportDelayMs: lab.reportSeconds * 1000,
    },
  })
}
