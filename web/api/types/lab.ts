/** The lab. */

export type LabMessage = {
  id: number
  from: string
  to: string
  subject: string
  dkim: string
  spf: string
  dmarc: string
  tls: string
  receivedAt: number
  envelopeFrom: string
}

export type LabMessageContent = LabMessage & { authenticationResults: string; content: string }

export type LabRecord = { id: number; name: string; type: string; value: string; ttl: number }
