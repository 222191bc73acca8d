/** Senders. */

export type SenderKind = 'unknown' | 'transactional' | 'bulk'

export type Sender = {
  id: number
  keyId: number
  email: string
  name: string
  kind: SenderKind
  status: 'inactive' | 'active' | 'deleted'
  isDefault: boolean
  domainId: number | null
  activationMailAt: number | null
  createdAt: number
}
