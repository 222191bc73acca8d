/** Outgoing servers, system parameters, and why a message goes which way. */

export const securities = ['starttls-strict', 'tls-strict', 'starttls', 'tls', 'none'] as const
export type Security = (typeof securities)[number]

export type OutgoingServer = {
  id: number
  name: string
  host: string
  port: number
  security: Security
  fromFilter: string | null
  priority: number
  isActive: boolean
  authentication: 'none' | 'login' | 'xoauth2' | 'certificate'
  user: string | null
  hasPassword: boolean
  hasCertificate: boolean
  isDebug: boolean
  maxSizeBytes: number | null
  maxConnections: number | null
  maxMessagesPerConnection: number | null
  maxMessagesPerMinute: number | null
  fallbackServerId: number | null
  warnings: string[]
}

export type ConnectionTest = {
  ok: boolean
  step: TestStep
  situation: string
  message: string
  hint: string
  transcript: string
  tls: {
    version: string
    cipher: string
    certificate: { subject: string; names: string[]; validTo: number; verified: boolean } | null
  } | null
  sizeLimit?: number
  durationMs: number
  sender: string | null
}

export const testSteps = ['prepare', 'connect', 'ehlo', 'tls', 'auth', 'mail', 'rcpt', 'data'] as const
export type TestStep = (typeof testSteps)[number]

export type SystemParameter = {
  name: string
  value: string | null
  isKnown: boolean
  about: string
  unset: string
  updatedAt: number | null
}

export type Explanation = {
  server: { id: number | null; name: string; host: string; port: number } | null
  error: string | null
  because: string[]
  before: { from: string | null; envelopeFrom: string | null }
  after: { from: string | null; envelopeFrom: string | null } | null
  hosts: string[]
}
