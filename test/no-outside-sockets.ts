/**
 * Proves that a process opens no socket to anything but this machine. Two witnesses, because neither sees everything:
 * - inside (`watchSockets`, or in a child `socketGuard`): every connect, datagram and name lookup that JavaScript asks
 *   for, in worker threads too, and the servers that a c-ares resolver would ask;
 * - outside, on Linux (`watchProcess`): the peers of the sockets that the process holds, as the kernel lists them,
 *   which also sees what native code opens. It samples, so a socket that lives for a moment can escape it.
 */
import dgram from 'node:dgram'
import dns from 'node:dns'
import { appendFileSync, existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import net from 'node:net'
import { isLoopback } from '../src/runtime/loopback.ts'

const reportVariable = 'PARAVION_TEST_SOCKET_REPORT'

/** Environment for a child process that writes a line to `report` for each outside address it wanted to reach. */
export function socketGuard(report: string): { NODE_OPTIONS: string; [reportVariable]: string } {
  // Not --import: worker threads leave those out.
  const options = [process.env.NODE_OPTIONS, `--require="${import.meta.filename}"`].filter(Boolean).join(' ')
  return { NODE_OPTIONS: options, [reportVariable]: report }
}

/** What such a child has written. */
export function readSocketReport(report: string): string[] {
  return existsSync(report) ? readFileSync(report, 'utf8').split('\n').filter(Boolean) : []
}

/** Tells of every outside address that this thread wants to reach; the function it returns ends it. */
export function watchSockets(tell: (what: string) => void): () => void {
  const check = (what: string, host: unknown) => {
    if (host === undefined || host === null || host === '' || host === 'localhost') return
    if (!isLoopback(String(host))) tell(`${what} ${String(host)}`)
  }
  const undo: (() => void)[] = []
  const before = (target: object, name: string, look: (self: unknown, args: unknown[]) => void) => {
    const original: unknown = Reflect.get(target, name)
    if (typeof original !== 'function') throw new Error(`There is no ${name} to watch`)
    Reflect.set(target, name, function (this: unknown, ...args: unknown[]) {
      look(this, args)
      return Reflect.apply(original, this, args)
    })
    undo.push(() => Reflect.set(target, name, original))
  }

  before(net.Socket.prototype, 'connect', (_self, args) => {
    // Node's own callers hand over [options, callback] as one array.
    const [first, second] = Array.isArray(args[0]) ? args[0] : args
    if (typeof first === 'object' && first !== null) {
      if (!('path' in first) || !first.path) check('connect', 'host' in first ? first.host : undefined)
    } else check('connect', typeof second === 'string' ? second : undefined)
  })
  before(dgram.Socket.prototype, 'connect', (_self, [, address]) => {
    if (typeof address === 'string') check('datagrams', address)
  })
  before(dgram.Socket.prototype, 'send', (_self, [, ...rest]) => {
    check(
      'datagram',
      rest.find((argument) => typeof argument === 'string'),
    )
  })
  before(dns, 'lookup', (_self, [host]) => check('lookup', host))
  before(dns.promises, 'lookup', (_self, [host]) => check('lookup', host))
  const methods = [
    'resolve',
    'resolve4',
    'resolve6',
    'resolveAny',
    'resolveCaa',
    'resolveCname',
    'resolveMx',
  ].concat([
    'resolveNaptr',
    'resolveNs',
    'resolvePtr',
    'resolveSoa',
    'resolveSrv',
    'resolveTlsa',
    'resolveTxt',
    'reverse',
  ])
  for (const prototype of [dns.Resolver.prototype, dns.promises.Resolver.prototype]) {
    for (const method of methods) {
      before(prototype, method, (self) => {
        for (const server of (self as dns.Resolver).getServers()) check('resolver', hostOf(server))
      })
    }
  }
  return () => {
    for (const step of undo) step()
  }
}

/** `127.0.0.1:1553` and `[::1]:1553` without the port. */
function hostOf(server: string): string {
  if (server.startsWith('[')) return server.slice(1, server.indexOf(']'))
  return net.isIP(server) === 0 ? server.slice(0, server.lastIndexOf(':')) : server
}

/** Looks again and again at the peers of a process' sockets; `stop` returns those outside this machine. */
export function watchProcess(pid: number, everyMs = 20): { stop(): string[]; samples(): number } {
  const outside = new Set<string>()
  let samples = 0
  const timer = setInterval(() => {
    samples += 1
    for (const peer of peersOf(pid)) if (!isLoopback(peer) && !isUnspecified(peer)) outside.add(peer)
  }, everyMs)
  return {
    samples: () => samples,
    stop() {
      clearInterval(timer)
      return [...outside]
    },
  }
}

export const canWatchProcess = existsSync('/proc/net/tcp')

function isUnspecified(address: string): boolean {
  return /^[0:.]+$/.test(address)
}

/** Remote addresses of the TCP and UDP sockets of a process. */
export function peersOf(pid: number): string[] {
  const inodes = new Set<string>()
  for (const fd of readdirSync(`/proc/${pid}/fd`)) {
    try {
      const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1]
      if (inode) inodes.add(inode)
    } catch {
      // Closed between the listing and the look.
    }
  }
  return ['tcp', 'tcp6', 'udp', 'udp6'].flatMap((table) => {
    const path = `/proc/${pid}/net/${table}`
    if (!existsSync(path)) return []
    return readFileSync(path, 'utf8')
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter((columns) => inodes.has(columns[9] ?? ''))
      .map((columns) => parseKernelAddress(columns[2] ?? ''))
  })
}

/** `0100007F:0599`: each 32-bit word in the byte order of the machine (little-endian wherever Node runs). */
export function parseKernelAddress(text: string): string {
  const hex = text.split(':', 1)[0] ?? ''
  const words = hex.match(/.{8}/g) ?? []
  const bytes = words.flatMap((word) => [...Buffer.from(word, 'hex')].reverse())
  if (bytes.length === 4) return bytes.join('.')
  const groups = Array.from({ length: 8 }, (_, at) =>
    (((bytes[at * 2] ?? 0) << 8) | (bytes[at * 2 + 1] ?? 0)).toString(16),
  )
  return groups.join(':')
}

const report = process.env[reportVariable]
// Only as the preload of a guarded child, or of one of its threads.
if (report && process.env.NODE_OPTIONS?.includes(import.meta.filename)) {
  watchSockets((what) => appendFileSync(report, `${what}\n`))
}
