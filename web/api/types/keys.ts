/** API keys and what a mail program must be told. */

export type ApiKey = {
  id: number
  accountId: number
  name: string
  publicKey: string
  isMaster: boolean
  isActive: boolean
  createdAt: number
  rotatedAt: number | null
  reportsBounces: boolean
}

export type SmtpSettings = {
  smtpHost: string
  smtpPorts: { port: number; security: 'starttls' | 'tls' }[]
  plainAuthOnLoopback: boolean
  url: string | null
  httpsUrl: string | null
  ca: string | null
}
