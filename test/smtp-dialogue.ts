/** An SMTP client for tests that reads as a conversation: says a line, returns the whole reply as it came. */
import type { ConnectionOptions } from 'node:tls'
import { openWire } from './smtp-wire.ts'

export type SmtpDialogue = {
  greeting: string
  say(line: string): Promise<string>
  /** MAIL, RCPT for each, DATA, the message and its final dot; the replies, the last being that of the dot. */
  send(message: { from: string; to: string[]; data: string }): Promise<string[]>
  startTls(options: ConnectionOptions): Promise<void>
  close(): void
}

export async function openSmtp(port: number): Promise<SmtpDialogue> {
  const wire = await openWire(port)
  const reply = async () => (await wire.read(1))[0] ?? ''
  const say = (line: string) => {
    wire.write(`${line}\r\n`)
    return reply()
  }
  return {
    greeting: await reply(),
    say,
    async send({ from, to, data }) {
      const replies = [await say(`MAIL FROM:<${from}>`)]
      for (const recipient of to) replies.push(await say(`RCPT TO:<${recipient}>`))
      const start = await say('DATA')
      replies.push(start)
      if (start.startsWith('354')) replies.push(await say(`${data.replaceAll(/^\./gm, '..')}\r\n.`))
      return replies
    },
    async startTls(options) {
      const answer = await say('STARTTLS')
      if (!answer.startsWith('220')) throw new Error(`STARTTLS was refused: ${answer}`)
      await wire.startTls(options)
    },
    close: () => wire.destroy(),
  }
}
