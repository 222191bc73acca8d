/** Whom a connection test names as sender (reference/outgoing-mail-servers.md §8): first what the server is there for. */
import { filterEntries, matchesFilter } from '../routing/sender-text.ts'

export function chooseTestSender({
  fromFilter,
  defaultFrom,
  ownAddress,
}: {
  fromFilter: string | null
  /** The notifications address of the account. */
  defaultFrom?: string
  /** Of whoever asks for the test, or a sender of theirs. */
  ownAddress?: string
}): string | undefined {
  const entries = fromFilter === null ? [] : filterEntries(fromFilter)
  const [first] = entries
  // A filter of blanks counts as none here.
  if (first === undefined) return ownAddress ?? defaultFrom
  const address = entries.find((entry) => entry.includes('@'))
  if (address !== undefined) return address
  if (defaultFrom !== undefined && matchesFilter(defaultFrom, fromFilter)) return defaultFrom
  return `noreply@${first}`
}
