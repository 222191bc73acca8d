/** Mail that comes in: aliases, leads. */

export type Alias = {
  id: number
  address: string
  name: string
  domain: string
  policy: 'everyone' | 'known'
  anyDomain: boolean
  endsAt: number | null
  createdAt: number
}

export type Lead = {
  id: number
  name: string
  sender: string
  contact: string
  state: 'open' | 'closed'
  aliasId: number | null
  createdAt: number
  updatedAt: number
}

/** A mail that came in. */
export type IncomingMail = {
  id: number
  receivedAt: number
  sender: string
  subject: string
  spf: string
  dkim: string
  dmarc: string
}
