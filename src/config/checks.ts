/** What has to hold between settings, each being right on its own. */
import type { Config } from './settings.ts'

type Check = {
  /** Looked at only when all of them are right on their own. */
  keys: readonly string[]
  problem(config: Config): string | undefined
}

const checks: readonly Check[] = [
  {
    keys: ['tls.certificate', 'tls.key'],
    problem: ({ tls }) =>
      (tls.certificate === undefined) !== (tls.key === undefined)
        ? 'tls.certificate and tls.key belong together: set both, or neither for a certificate of our own'
        : undefined,
  },
  {
    keys: ['delivery.smarthost.user', 'delivery.smarthost.password'],
    problem: ({ delivery: { smarthost } }) =>
      (smarthost.user === undefined) !== (smarthost.password === undefined)
        ? 'delivery.smarthost.user and delivery.smarthost.password belong together: set both or neither'
        : undefined,
  },
  {
    keys: ['delivery.smarthost.user', 'delivery.smarthost.host'],
    problem: ({ delivery: { smarthost } }) =>
      smarthost.user !== undefined && smarthost.host === undefined
        ? 'delivery.smarthost.user is set, but no delivery.smarthost.host to log in to'
        : undefined,
  },
  {
    keys: ['delivery.smarthost.user', 'delivery.smarthost.host', 'delivery.smarthost.security'],
    problem: ({ delivery: { smarthost } }) =>
      smarthost.user !== undefined &&
      smarthost.host !== undefined &&
      smarthost.security === 'none' &&
      !isLoopbackHost(smarthost.host)
        ? `delivery.smarthost.security is "none", which would send the password to ${smarthost.host} in the clear; it should be starttls or tls`
        : undefined,
  },
  {
    keys: ['smtp.trusted.port', 'smtp.trusted.networks', 'smtp.trusted.api_key'],
    problem: ({ smtp: { trusted } }) =>
      trusted.port !== 'off' && (trusted.networks.length === 0 || trusted.apiKey === undefined)
        ? 'smtp.trusted.port is open, so smtp.trusted.networks has to say for whom and smtp.trusted.api_key for which key'
        : undefined,
  },
  {
    keys: ['retention.bodies_days', 'retention.messages_days'],
    problem: ({ retention }) =>
      retention.bodiesDays > retention.messagesDays
        ? `retention.bodies_days is ${retention.bodiesDays}; it should be at most retention.messages_days, which is ${retention.messagesDays}`
        : undefined,
  },
  {
    keys: ['mx.max_connections', 'mx.max_connections_per_address'],
    problem: ({ mx }) =>
      mx.maxConnectionsPerAddress > mx.maxConnections
        ? `mx.max_connections_per_address is ${mx.maxConnectionsPerAddress}; it should be at most mx.max_connections, which is ${mx.maxConnections}`
        : undefined,
  },
  {
    keys: ['smtp.max_connections', 'smtp.max_connections_per_address'],
    problem: ({ smtp }) =>
      smtp.maxConnectionsPerAddress > smtp.maxConnections
        ? `smtp.max_connections_per_address is ${smtp.maxConnectionsPerAddress}; it should be at most smtp.max_connections, which is ${smtp.maxConnections}`
        : undefined,
  },
  {
    keys: [
      'mode',
      'http.host',
      'http.port',
      'http.tls_port',
      'smtp.host',
      'smtp.starttls_ports',
      'smtp.tls_port',
      'smtp.trusted.host',
      'smtp.trusted.port',
      'lab.dns_port',
      'lab.receiver_port',
    ],
    problem: portTakenTwice,
  },
]

export function checkTogether(config: Config, badKeys: ReadonlySet<string>): string[] {
  return checks
    .filter(({ keys }) => !keys.some((key) => badKeys.has(key)))
    .map(({ problem }) => problem(config))
    .filter((problem) => problem !== undefined)
}

function portTakenTwice(config: Config): string | undefined {
  const { http, smtp, lab, mode } = config
  const listeners = [
    { key: 'http.port', host: http.host, port: http.port },
    { key: 'http.tls_port', host: http.host, port: http.tlsPort },
    ...smtp.starttlsPorts.map((port) => ({ key: 'smtp.starttls_ports', host: smtp.host, port })),
    { key: 'smtp.tls_port', host: smtp.host, port: smtp.tlsPort },
    { key: 'smtp.trusted.port', host: smtp.trusted.host, port: smtp.trusted.port },
    ...(mode === 'lab'
      ? [
          { key: 'lab.dns_port', host: '127.0.0.1', port: lab.dnsPort },
          { key: 'lab.receiver_port', host: '127.0.0.1', port: lab.receiverPort },
        ]
      : []),
  ].filter(({ port }) => port !== 'off' && port !== 0)

  for (const [index, one] of listeners.entries()) {
    const other = listeners
      .slice(0, index)
      .find(({ port, host }) => port === one.port && overlap(host, one.host))
    if (other !== undefined)
      return `${other.key} and ${one.key} both want port ${one.port}; each needs its own`
  }
  return undefined
}

function overlap(a: string, b: string): boolean {
  return a === b || [a, b].some((host) => host === '0.0.0.0' || host === '::')
}

function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.')
}
