import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { Resolver } from 'node:dns/promises'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  canWatchProcess,
  parseKernelAddress,
  peersOf,
  readSocketReport,
  socketGuard,
  watchSockets,
} from './no-outside-sockets.ts'

// 192.0.2.0/24 and 2001:db8::/32 are for documentation (RFC 5737, RFC 3849): nobody is there. Each attempt is given
// up before anything is sent.
const attempts = `
  const net = require('node:net'), tls = require('node:tls'), dgram = require('node:dgram'), dns = require('node:dns')
  const gone = (socket) => { socket.on('error', () => {}); socket.destroy() }
  gone(net.connect(25, '192.0.2.1'))
  gone(net.connect({ host: '2001:db8::1', port: 25 }))
  gone(tls.connect({ host: '192.0.2.2', port: 465 }))
  gone(new net.Socket().connect(9, '127.0.0.1'))
  gone(net.connect({ path: '/nowhere' }))
  const resolver = new dns.Resolver()
  resolver.setServers(['192.0.2.3:53', '127.0.0.1:9'])
  resolver.resolve4('shop.example', () => {})
  resolver.cancel()
`
const expected = ['connect 192.0.2.1', 'connect 2001:db8::1', 'connect 192.0.2.2', 'resolver 192.0.2.3']

test('a child process and its threads tell what they wanted to reach', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'paravion-sockets-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const report = join(folder, 'report')
  const script = `${attempts}; new (require('node:worker_threads').Worker)(${JSON.stringify(attempts)}, { eval: true })`
  const child = spawn(process.execPath, ['-e', script], {
    env: { ...process.env, ...socketGuard(report) },
    stdio: 'inherit',
  })
  assert.deepEqual(await once(child, 'exit'), [0, null])
  assert.deepEqual(readSocketReport(report).toSorted(), [...expected, ...expected].toSorted())
})

test('loopback and local sockets are nobody else’s business', async () => {
  const told: string[] = []
  const stop = watchSockets((what) => told.push(what))
  const server = createServer((socket) => socket.end()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert.ok(address && typeof address === 'object')
  const socket = connect(address.port, '127.0.0.1').resume()
  await once(socket, 'close')
  const udp = createSocket('udp4')
  await new Promise((resolve) => udp.send(Buffer.from('x'), address.port, '127.0.0.1', resolve))
  const resolver = new Resolver({ timeout: 50, tries: 1 })
  resolver.setServers([`127.0.0.1:${address.port}`])
  await resolver.resolve4('shop.example').catch(() => {})
  stop()
  udp.close()
  server.close()
  assert.deepEqual(told, [])
})

test('the kernel’s tables name the peers of a process', { skip: !canWatchProcess }, async () => {
  assert.equal(parseKernelAddress('0100007F:0599'), '127.0.0.1')
  assert.equal(parseKernelAddress('00000000000000000000000001000000:0599'), '0:0:0:0:0:0:0:1')
  assert.equal(parseKernelAddress('B80D0120000000000000000001000000:0019'), '2001:db8:0:0:0:0:0:1')
  const server = createServer((socket) => socket.resume()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert.ok(address && typeof address === 'object')
  const socket = connect(address.port, '127.0.0.1')
  await once(socket, 'connect')
  assert.ok(peersOf(process.pid).includes('127.0.0.1'))
  socket.destroy()
  server.close()
})
