/** What we say ourselves in a transcript, beside what was said over the wire. */
import type { Plan } from './plan.ts'
import { describeOutage } from './relay-choice.ts'

export function whySuspended({ site, server }: Plan, words: string): string {
  return server === undefined
    ? `sending to ${site.key} is suspended, because it said: ${words}`
    : describeOutage(server, words)
}

export function asRemarks(lines: readonly string[]): string {
  return lines.map((line) => `# ${line}`).join('\n')
}

/** Some remarks are whole transcripts. */
export function withRemarks(remarks: readonly string[], transcript: string): string {
  if (remarks.length === 0) return transcript
  const lines = remarks.map((remark) => (remark.startsWith('# ') ? remark : `# ${remark}`))
  return `${lines.join('\n')}\n${transcript}`
}
