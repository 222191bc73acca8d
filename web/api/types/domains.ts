/** Domains, their DNS records and the checks of them. */

export type RecordStatus = 'not-checked' | 'ok' | 'error'

export type DnsRecord = {
  purpose: 'ownership' | 'dkim' | 'spf' | 'dmarc' | 'return-path' | 'mx'
  name: string
  type: string
  value: string
  advice: string
}

export type Domain = {
  id: number
  keyId: number
  name: string
  isActive: boolean
  ownershipToken: string
  dkimStatus: RecordStatus
  spfStatus: RecordStatus
  dmarcStatus: RecordStatus
  returnPathStatus: RecordStatus
  lastCheckAt: number | null
  problem: string
  createdAt: number
}

export type DomainKey = {
  id: number
  selector: string
  algorithm: string
  state: 'active' | 'next' | 'retired'
  verifiedAt: number | null
  retiredAt: number | null
}

export type DomainToPublish = Domain & { keys: DomainKey[]; records: DnsRecord[] }

export type RecordCheck = {
  purpose: DnsRecord['purpose']
  status: 'ok' | 'advice' | 'missing' | 'error' | 'unknown'
  name: string
  found: string[]
  problems: string[]
  publish?: DnsRecord
}

export type Validation = {
  method: 'File' | 'DNS' | 'Domain' | 'ActivationEmail' | ''
  errors: { dns: string; file: string }
  globalError: string
}

export type DomainCheck = { domain: DomainToPublish; validation: Validation | null; checks: RecordCheck[] }
