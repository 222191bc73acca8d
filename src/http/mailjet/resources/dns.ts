/** `/v3/REST/dns`: the domains of a key, made by adding a sender (reference/senders-domains-dns.md §4). */
import { checkDomain, type DomainCheck } from '../../../domains/check-domain.ts'
import { dkimRecord, ownershipRecord, spfRecord } from '../../../domains/dns-records.ts'
import type { RecordStatus } from '../../../storage/schema.ts'
import { defineResource } from '../define-resource.ts'
import { formatTime } from '../resource.ts'
import { envelope } from '../rest.ts'
import { countDomains, type DomainRow, selectDomains } from './select-domains.ts'

const statusWords: Record<RecordStatus, string> = { 'not-checked': 'Not checked', ok: 'OK', error: 'Error' }

export const dns = defineResource<DomainRow>({
  name: 'dns',
  description: 'Domains, the records to publish for them, and whether they are published.',
  uniqueKey: ['Domain'],
  properties: [
    {
      name: 'DKIMRecordName',
      type: 'text',
      description: 'Where to publish the DKIM record.',
      value: ({ key }) => (key === undefined ? '' : dkimRecord(key).name),
    },
    {
      name: 'DKIMRecordValue',
      type: 'text',
      description: 'What to publish there.',
      value: dkimValue,
    },
    {
      name: 'DKIMStatus',
      type: 'text',
      description: 'What the latest check found.',
      allowed: Object.values(statusWords),
      value: (row) => statusWords[row.dkimStatus],
    },
    { name: 'Domain', type: 'text', description: 'Name of the domain.', value: (row) => row.name },
    { name: 'ID', type: 'integer', description: 'Number of the domain.', value: (row) => row.id },
    {
      name: 'IsCheckInProgress',
      type: 'boolean',
      description: 'Whether a check is running.',
      value: () => false,
    },
    {
      name: 'LastCheckAt',
      type: 'time',
      description: 'When its records were last looked at.',
      value: (row) => formatTime(row.lastCheckAt),
    },
    {
      name: 'OwnerShipToken',
      type: 'text',
      description: 'Value of the TXT record that proves the domain.',
      value: (row) => row.ownershipToken,
    },
    {
      name: 'OwnerShipTokenRecordName',
      type: 'text',
      description: 'Name of the TXT record that proves the domain.',
      value: (row) => ownershipRecord({ domainName: row.name, token: row.ownershipToken }).name,
    },
    {
      name: 'SPFRecordValue',
      type: 'text',
      description: 'The SPF record of a domain that sends through nothing else.',
      value: (row) => spfRecord({ domainName: row.name, include: row.spfInclude }).value,
    },
    {
      name: 'SPFStatus',
      type: 'text',
      description: 'What the latest check found.',
      allowed: Object.values(statusWords),
      value: (row) => statusWords[row.spfStatus],
    },
  ],
  filters: {
    IsCheckInProgress: 'boolean',
    MaxLastCheckAt: 'time',
    MinLastCheckAt: 'time',
    SPFStatus: 'text',
  },
  refusedFilters: {
    IsSenderIdentified: 'domains are not told apart by it',
    IsYahooFBL: 'feedback loops of domains are not kept',
  },
  sort: { ID: false },
  unknownId: 'not-found',
  select: selectDomains,
  count: countDomains,
  actions: {
    check: {
      description: 'Looks at the DKIM and SPF records of the domain now.',
      run: async ({ parts }, row) => envelope([formatCheck(await checkDomain(parts.domains, row.id), row)]),
    },
  },
})

/** Without the optional `v=DKIM1` (RFC 6376 §3.6.1), as the real service gives it. */
function dkimValue({ key }: DomainRow): string {
  return key === undefined ? '' : dkimRecord(key).value.replace(/^v=DKIM1;\s*/, '')
}

function formatCheck({ domain, checks }: DomainCheck, { key }: DomainRow): object {
  const recordName = key === undefined ? undefined : dkimRecord(key).name
  const dkim = checks.find(({ purpose, name }) => purpose === 'dkim' && isSameName(name, recordName))
  const spf = checks.find(({ purpose }) => purpose === 'spf')
  return {
    DKIMErrors: problemsOf(dkim),
    DKIMRecordCurrentValue: dkim?.found[0] ?? '',
    DKIMStatus: statusWords[domain.dkimStatus],
    SPFErrors: problemsOf(spf),
    SPFRecordsCurrentValues: spf?.found ?? [],
    SPFStatus: statusWords[domain.spfStatus],
  }
}

/** What is good, but could be better, is no error. */
function problemsOf(check: DomainCheck['checks'][number] | undefined): readonly string[] {
  return check === undefined || check.status === 'ok' || check.status === 'advice' ? [] : check.problems
}

function isSameName(name: string, other: string | undefined): boolean {
  return name.replace(/\.$/, '') === other?.replace(/\.$/, '')
}
