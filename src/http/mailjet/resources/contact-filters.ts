/** Filters that resources of contacts share. */
import type { Query } from '../resource.ts'

/** Which words `Status` knows at Mailjet is not published (reference/resources.json). */
export const noStatus =
  'filter by IsExcludedFromCampaigns and IsUnsubscribed, or Unsub and Blocked in listrecipient'

/** The objects of another API key are asked for: there are none for this one. */
export function isOfOther({ filters, keyId }: Pick<Query, 'filters' | 'keyId'>): boolean {
  return (filters.integer('APIKey') ?? keyId) !== keyId
}

export function span(from: number | undefined, to: number | undefined): { from?: number; to?: number } {
  return { ...(from !== undefined && { from }), ...(to !== undefined && { to }) }
}
