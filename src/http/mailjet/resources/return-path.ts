/** `/v3/REST/returnpath`: where bounces come back to (reference/senders-domains-dns.md §5). */
import { defineResource } from '../define-resource.ts'
import type { Query } from '../resource.ts'

type ReturnPath = { keyId: number; domain: string }

export const returnPath = defineResource<ReturnPath>({
  name: 'returnpath',
  description: 'The domain that bounces come back to.',
  properties: [
    { name: 'AppId', type: 'integer', description: 'The API key.', value: (row) => row.keyId },
    {
      name: 'ReturnPathDomain',
      type: 'text',
      description: 'What the return-path record of a domain of your own points to.',
      value: (row) => row.domain,
    },
  ],
  filters: {},
  sort: {},
  unknownId: 'not-found',
  select: async (query, page) => rows(query).slice(page.offset, page.offset + page.limit),
  count: async (query) => rows(query).length,
})

function rows({ keyId, id, parts }: Query): ReturnPath[] {
  if (id !== undefined && id !== keyId) return []
  return [{ keyId, domain: parts.domains.settings.bounceDomain }]
}
