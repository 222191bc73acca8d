/** An SMTP server that answers as told: per command, per recipient; it can hang, hang up and talk nonsense. */
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { TLSSocket } from 'node:tls'

export type ScriptedAnswer =
  /** Lines as they go over the wire, CRLF added. */
  | string
  /** Says nothing, ever. */
  | { hang: true }
  /** Closes, after saying this where given. */
  | { close: true; say?: string }

export type Script = {
  greeting?: ScriptedAnswer
  ehlo?: ScriptedAnswer
  /** A function is asked each time. */
  mail?: ScriptedAnswer | (() => ScriptedAnswer | undefined)
  /** By address; `ok` for those not named. */
  rcpt?: Record<string, ScriptedAnswer>
  data?: ScriptedAnswer
  /** Instead of reading the chunk: what follows is taken for commands. */
  bdat?: ScriptedAnswer
  /** After the final dot, or the last chunk. */
  final?: ScriptedAnswer
  /** A function is asked for each line of the login, and ends it with anything but a 334. */
  auth?: ScriptedAnswer | ((line: string) => ScriptedAnswer)
  starttls?: ScriptedAnswer
  /** EHLO keywords. */
  extensions?: readonly string[]
  /** PEM; offers STARTTLS. `broken` closes instead of shaking hands. */
  tls?: ScriptedTls | 'broken'
  /** TLS from the first byte. */
  implicitTls?: ScriptedTls
}

export type ScriptedTls = {
  cert: string
  key: string
  /** Asks the client for a certificate. */
  requestCert?: boolean
}

export type ReceivedMessage = {
  from: string
  recipients: string[]
  /** Dots unstuffed. */
  content: Buffer
  /** Parameters of MAIL and RCPT as given. */
  mail: string
  rcpts: string[]
  tls: boolean
  /** Common name of the client's certificate. */
  client?: string
  connection: number
}

export type ScriptedSmtp = AsyncDisposable & {
  port: number
  script: Script
  messages: ReceivedMessage[]
  /** Every line that came as a command, in order. */
  commands: string[]
  connections(): number
  open(): number
  close(): Promise<void>
}

const defaultExtensions = ['PIPELINING', 'SIZE 50000000', '8BITMIME', 'ENHANCEDSTATUSCODES', 'SMTPUTF8']

export async function startScriptedSmtp(script: Script = {}, port = 0): Promise<ScriptedSmtp> {
  const sockets = new Set<Socket>()
  let connections = 0
  const server = createServer((socket) => {
    connections += 1
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    serve(socket, scripted, connections)
  })
  const scripted: ScriptedSmtp = {
    port: 0,
    script,
    messages: [],
    commands: [],
    connections: () => connections,
    open: () => sockets.size,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
    [Symbol.asyncDispose]: () => scripted.close(),
  }
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  scripted.port = (server.address() as AddressInfo).port
  return scripted
}

function serve(tcp: Socket, scripted: ScriptedSmtp, connection: number): void {
  let socket = tcp
  let rest = Buffer.alloc(0)
  let mode: 'command' | 'data' | 'chunk' | 'deaf' = 'command'
  let chunkOctets = 0
  let loginSteps = 0
  let isLoggingIn = false
  let tls = false
  let from = ''
  let mail = ''
  let recipients: string[] = []
  let rcpts: string[] = []

  function answer(scriptedAnswer: ScriptedAnswer | undefined, otherwise: string): void {
    const given = scriptedAnswer ?? otherwise
    if (typeof given === 'string') socket.write(`${given}\r\n`)
    else if ('close' in given) {
      mode = 'deaf'
      socket.end(given.say === undefined ? '' : `${given.say}\r\n`)
    } else mode = 'deaf'
  }

  function extensionLines(): string {
    const { extensions = defaultExtensions, tls: offered } = scripted.script
    const all = ['scripted.example', ...extensions, ...(offered && !tls ? ['STARTTLS'] : [])]
    return all.map((line, i) => `250${i === all.length - 1 ? ' ' : '-'}${line}`).join('\r\n')
  }

  function takeCommand(line: string): void {
    scripted.commands.push(line)
    const { script } = scripted
    if (typeof script.auth === 'function' && (isLoggingIn || line.startsWith('AUTH '))) {
      const given = script.auth(line)
      isLoggingIn = typeof given === 'string' && given.startsWith('334')
      answer(given, '')
      return
    }
    const auth = typeof script.auth === 'function' ? undefined : script.auth
    if (loginSteps > 0) {
      loginSteps -= 1
      answer(loginSteps > 0 ? undefined : auth, loginSteps > 0 ? '334 UGFzc3dvcmQ6' : '235 2.7.0 ok')
      return
    }
    const verb = line.slice(0, 4).toUpperCase()
    if (verb === 'EHLO') answer(script.ehlo, extensionLines())
    else if (verb === 'HELO') answer(undefined, '250 scripted.example')
    else if (verb === 'STAR') startTls()
    else if (line === 'AUTH LOGIN') {
      loginSteps = 2
      answer(undefined, '334 VXNlcm5hbWU6')
    } else if (verb === 'AUTH') answer(auth, '235 2.7.0 ok')
    else if (verb === 'MAIL') {
      from = addressIn(line)
      mail = line
      recipients = []
      rcpts = []
      answer(typeof script.mail === 'function' ? script.mail() : script.mail, '250 2.1.0 ok')
    } else if (verb === 'RCPT') {
      const address = addressIn(line)
      const given = script.rcpt?.[address]
      if (given === undefined || (typeof given === 'string' && given.startsWith('2'))) {
        recipients.push(address)
        rcpts.push(line)
      }
      answer(given, '250 2.1.5 ok')
    } else if (verb === 'DATA') {
      if (recipients.length === 0 && script.data === undefined) {
        answer(undefined, '554 5.5.1 no valid recipients')
        return
      }
      const given = script.data ?? '354 go ahead'
      if (typeof given === 'string' && given.startsWith('354')) mode = 'data'
      answer(given, '')
    } else if (verb === 'BDAT' && script.bdat === undefined) {
      chunkOctets = Number(line.split(' ')[1])
      mode = 'chunk'
    } else if (verb === 'BDAT') answer(script.bdat, '')
    else if (verb === 'QUIT') answer({ close: true, say: '221 2.0.0 bye' }, '')
    else if (verb === 'RSET') answer(undefined, '250 2.0.0 ok')
    else answer(undefined, '500 5.5.2 unknown')
  }

  function takeMessage(content: Buffer): void {
    if (recipients.length === 0) {
      answer(undefined, '554 5.5.1 no valid recipients')
      return
    }
    const given = scripted.script.final
    if (given === undefined || (typeof given === 'string' && given.startsWith('2'))) {
      const cn = socket instanceof TLSSocket ? socket.getPeerCertificate().subject?.CN : undefined
      const client = typeof cn === 'string' ? { client: cn } : {}
      scripted.messages.push({ from, recipients, content, mail, rcpts, tls, connection, ...client })
    }
    answer(given, '250 2.0.0 taken')
  }

  function onData(chunk: Buffer): void {
    rest = Buffer.concat([rest, chunk])
    while (mode !== 'deaf') {
      if (mode === 'data') {
        const isEmpty = rest.subarray(0, 3).toString() === '.\r\n'
        const end = isEmpty ? -2 : rest.indexOf('\r\n.\r\n')
        if (end === -1) return
        const raw = rest.subarray(0, end + 2)
        rest = rest.subarray(end + 5)
        mode = 'command'
        takeMessage(Buffer.from(raw.toString('latin1').replaceAll(/^\./gm, ''), 'latin1'))
      } else if (mode === 'chunk') {
        if (rest.length < chunkOctets) return
        const content = rest.subarray(0, chunkOctets)
        rest = rest.subarray(chunkOctets)
        mode = 'command'
        takeMessage(content)
      } else {
        const end = rest.indexOf('\r\n')
        if (end === -1) return
        const line = rest.toString('utf8', 0, end)
        rest = rest.subarray(end + 2)
        takeCommand(line)
      }
    }
  }

  function secure(options: ScriptedTls): void {
    tcp.removeAllListeners('data')
    rest = Buffer.alloc(0)
    tls = true
    socket = new TLSSocket(tcp, { isServer: true, rejectUnauthorized: false, ...options })
    socket.on('data', onData)
    socket.on('error', () => {})
  }

  function startTls(): void {
    const { tls: offered, starttls } = scripted.script
    if (offered === undefined || starttls !== undefined) {
      answer(starttls, '502 5.5.1 not here')
      return
    }
    answer(undefined, '220 2.0.0 go ahead')
    if (offered === 'broken') {
      mode = 'deaf'
      tcp.once('data', () => tcp.destroy())
    } else secure(offered)
  }

  tcp.on('error', () => {})
  if (scripted.script.implicitTls === undefined) tcp.on('data', onData)
  else secure(scripted.script.implicitTls)
  answer(scripted.script.greeting, '220 scripted.example ESMTP')
}

function addressIn(line: string): string {
  return line.slice(line.indexOf('<') + 1, line.lastIndexOf('>'))
}
