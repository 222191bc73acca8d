/** The far side of a crash test: an SMTP server that remembers whatever it said 250 to. */

import type { AddressInfo, Server } from 'node:net'
import { createServer } from 'node:net'

export type CountingSink = {
  port: number
  /** How often each id was taken. */
  taken: Map<string, number>
  stop(): Promise<void>
}

/** `id`: what a message is known by; of one line of its header. */
export async function startCountingSink({
  id: pattern = /^X-Load-Id: (\S+)\r$/m,
}: {
  id?: RegExp
} = {}): Promise<CountingSink> {
  const taken = new Map<string, number>()
  const server: Server = createServer((socket) => {
    let text = ''
    let inData = false
    socket.on('error', () => socket.destroy())
    // Small answers must not wait for each other (Nagle).
    socket.setNoDelay(true)
    socket.write('220 sink.test ESMTP\r\n')
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      for (;;) {
        if (inData) {
          const end = text.indexOf('\r\n.\r\n')
          if (end === -1) return
          const id = pattern.exec(text.slice(0, end))?.[1] ?? 'without-id'
          taken.set(id, (taken.get(id) ?? 0) + 1)
          text = text.slice(end + 5)
          inData = false
          socket.write('250 2.0.0 taken\r\n')
          continue
        }
        const end = text.indexOf('\r\n')
        if (end === -1) return
        const verb = text.slice(0, 4).toUpperCase()
        text = text.slice(end + 2)
        if (verb === 'EHLO') socket.write('250-sink.test\r\n250-PIPELINING\r\n250 8BITMIME\r\n')
        else if (verb === 'DATA') {
          inData = true
          socket.write('354 go on\r\n')
        } else if (verb === 'QUIT') socket.end('221 2.0.0 bye\r\n')
        else socket.write('250 2.0.0 ok\r\n')
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    taken,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
      }),
  }
}
