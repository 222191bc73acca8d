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

/** null: not said here. */
export type TrackingWishes = { opens: boolean | null; clicks: boolean | null; isPrivate: boolean | null }

/** Whether mail is tracked where it does not say so itself. */
export type TrackingRules = {
  account: TrackingWishes
  key: TrackingWishes
  effective: { opens: boolean; clicks: boolean; isPrivate: boolean }
}

export type SmtpSettings = {
  smtpHost: string
  smtpPorts: { port: number; security: 'starttls' | 'tls' }[]
  plainAuthOnLoopback: boolean
  url: string | null
  httpsUrl: string | null
  ca: string | null
}
