/** What was said in an attempt, for people: `C: `, `S: ` and `# ` lines. No secrets, no body, limited in size. */
import type { SmtpReply } from '../mail/reply.ts'

const maxOctets = 16 * 1024
const maxLineOctets = 1_000

export type Transcript = {
  client(line: string): void
  server(reply: SmtpReply): void
  /** A remark of ours. */
  note(text: string): void
  /** Everything so far as one text. Empties it. */
  take(): string
}

export function createTranscript(): Transcript {
  let text = ''
  let leftOut = 0

  function add(prefix: string, line: string): void {
    if (text.length > maxOctets) {
      leftOut += 1
      return
    }
    const shown = line.length > maxLineOctets ? `${line.slice(0, maxLineOctets)}…` : line
    text += text === '' ? prefix + shown : `\n${prefix}${shown}`
  }

  return {
    client: (line) => add('C: ', line),
    server(reply) {
      const last = reply.lines.length - 1
      for (const [i, line] of reply.lines.entries())
        add('S: ', `${reply.code}${i === last ? ' ' : '-'}${line}`)
    },
    note: (remark) => add('# ', remark),
    take() {
      const whole = leftOut === 0 ? text : `${text}\n# ${leftOut} more lines are left out`
      text = ''
      leftOut = 0
      return whole
    },
  }
}
