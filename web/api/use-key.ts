/** Which API key a page is about: the one in the address, else the first. */
import { useNavigate, useSearch } from '@tanstack/react-router'
import type { ApiKey } from './types.ts'
import { useRead } from './use-api.ts'

export function useKeys() {
  const read = useRead<{ keys: ApiKey[] }>('/keys')
  const keys = ownKeys(read.data?.keys ?? [])
  const asked = useSearch({ strict: false, select: (search: { key?: unknown }) => search.key })
  const navigate = useNavigate()
  return {
    read,
    keys,
    key: keys.find(({ publicKey }) => publicKey === asked) ?? keys[0],
    choose: (publicKey: string) =>
      void navigate({ to: '.', search: (search: object) => ({ ...search, key: publicKey }), replace: true }),
  }
}

/** Those of the first account, the oldest first. The key that the instance itself writes with has an account of its own. */
export function ownKeys(all: readonly ApiKey[]): ApiKey[] {
  const sorted = all.toSorted((a, b) => a.accountId - b.accountId || a.id - b.id)
  return sorted.filter(({ accountId }) => accountId === sorted[0]?.accountId)
}
