import { randomUUID } from 'node:crypto'
import type { Instant } from '../storage/schema.ts'

/**
 * RFC 9562 version 7: it starts with the time, so that new ones stand side by side in the index and a commit of many
 * messages touches few of its pages.
 */
export function makeSubmissionUuid(now: Instant): string {
  const time = now.toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`
}
