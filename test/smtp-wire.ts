/** Bytes to and from an SMTP server, for tests that care about every one of them. */
import { connect, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'

export type Wire = {
  write(bytes: string | Buffer): void
  /** The next `count` complete replies, each as it came without its last CRLF. */
  read(count?: number): Promise<string[]>
  /** What had not been read when the server closed the connection. */
  readToEnd(): Promise<string>
  /** Goes on under TLS; rejects when the handshake fails. */
  startTls(options: ConnectionOptions): Promise<void>
  /** Octets written that the network has not taken yet. */
  unsentBytes(): number
  /** Our side ends; the server's may go on. */
  end(): void
  destroy(): void
  [Symbol.dispose](): void
}

const replyForm = /(?:\d{3}-[^\r\n]*\r\n)*\d{3}(?: [^\r\n]*)?\r\n/y

const patienceMs = 10_000

export type WireOptions = {
  /** TLS from the first byte. */
  tls?: ConnectionOptions
  /** Leaves everything the server says in the network. */
  neverReads?: boolean
}

export async function openWire(port: number, { tls, neverReads }: WireOptions = {}): Promise<Wire> {
  let socket: Socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
  let pending = ''
  /** Where the unread part of `pending` starts. */
  let position = 0
  let ended = false
  let onChange: (() => void) | undefined

  function listen() {
    const finish = () => {
      ended = true
      onChange?.()
    }
    socket.on('data', (chunk: Buffer) => {
      pending += chunk.toString('latin1')
      onChange?.()
    })
    socket.on('end', finish).on('error', finish).on('close', finish)
  }

  async function until<T>(look: () => T | undefined, what: string): Promise<T> {
    const lateAt = Date.now() + patienceMs
    for (;;) {
      const found = look()
      if (found !== undefined) return found
      const leftMs = lateAt - Date.now()
      if (leftMs <= 0) throw new Error(`no ${what} came; pending: ${JSON.stringify(pending.slice(0, 500))}`)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs)
        onChange = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }

  function takeReply(): string | undefined {
    replyForm.lastIndex = position
    const whole = replyForm.exec(pending)?.[0]
    if (whole !== undefined) {
      position += whole.length
      return whole.slice(0, -2)
    }
    pending = pending.slice(position)
    position = 0
    if (ended) throw new Error(`the server closed; pending: ${JSON.stringify(pending.slice(0, 500))}`)
    return undefined
  }

  async function startTls(options: ConnectionOptions) {
    const raw = socket
    raw.removeAllListeners('data')
    const secured = connectTls({ socket: raw, ...options })
    await new Promise<void>((resolve, reject) => {
      secured.once('secureConnect', () => resolve())
      secured.once('error', reject)
      secured.once('close', () => reject(new Error('closed during the handshake')))
    })
    socket = secured
    listen()
  }

  if (tls !== undefined) await startTls(tls)
  else if (neverReads !== true) listen()
  else socket.on('error', () => {})

  return {
    write: (bytes) => void socket.write(bytes),
    async read(count = 1) {
      const replies: string[] = []
      while (replies.length < count) replies.push(await until(takeReply, `reply ${replies.length + 1}`))
      return replies
    },
    async readToEnd() {
      await until(() => (ended ? true : undefined), 'end')
      const rest = pending.slice(position)
      pending = ''
      position = 0
      return rest
    },
    startTls,
    unsentBytes: () => socket.writableLength,
    end: () => void socket.end(),
    destroy: () => void socket.destroy(),
    [Symbol.dispose]: () => void socket.destroy(),
  }
}
