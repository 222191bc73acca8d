/** A Postfix of the test's own: its configuration, queue and users in a temporary folder, one port on loopback. */
import { execFileSync, spawn } from 'node:child_process'
import {
  accessSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { makeAuthority, makeServerCertificate } from '../src/runtime/make-certificates.ts'
import { openWire } from './smtp-wire.ts'
import { cleanUp } from './storage.ts'

const master = '/usr/lib/postfix/sbin/master'
const needed = ['/usr/sbin/postfix', '/usr/sbin/saslpasswd2', '/usr/bin/openssl']

/** Why there can be none here; undefined when there can. */
export const postfixMissing: string | undefined = whyMissing()

function whyMissing(): string | undefined {
  if (process.getuid?.() !== 0) return 'Postfix starts as root only'
  for (const program of [master, ...needed]) {
    try {
      accessSync(program)
    } catch {
      return `${program} is not here: install postfix, sasl2-bin and libsasl2-modules`
    }
  }
  return undefined
}

/** Takes mail with STARTTLS and a login, and hands it on to `relayPort` on this machine. */
export async function startPostfix(
  t: TestContext,
  { user, password, relayPort }: { user: string; password: string; relayPort: number },
): Promise<{ port: number; log(): string }> {
  const folder = mkdtempSync(join(tmpdir(), 'paravion-postfix-'))
  const place = (name: string) => join(folder, name)
  cleanUp(t, async () => rmSync(folder, { recursive: true, force: true }))
  chmodSync(folder, 0o755)
  const config = place('config')
  // Debian's Postfix looks for the settings of its logins below its configuration, whatever cyrus_sasl_config_path says.
  for (const path of [config, join(config, 'sasl'), place('queue')]) mkdirSync(path)
  mkdirSync(place('data'))
  execFileSync('chown', ['postfix', place('data')])

  const authority = await makeAuthority(Date.now())
  const { certificate, key } = await makeServerCertificate({
    authority,
    names: ['relay.test'],
    now: Date.now(),
  })
  writeFileSync(place('tls.pem'), key + certificate, { mode: 0o600 })
  writeFileSync(
    join(config, 'sasl', 'smtpd.conf'),
    `pwcheck_method: auxprop\nauxprop_plugin: sasldb\nsasldb_path: ${place('sasldb2')}\nmech_list: PLAIN LOGIN CRAM-MD5\n`,
  )
  execFileSync('/usr/sbin/saslpasswd2', ['-p', '-c', '-f', place('sasldb2'), '-u', 'relay.test', user], {
    input: password,
  })
  execFileSync('chown', ['postfix', place('sasldb2')])

  const port = await freePort()
  writeFileSync(join(config, 'main.cf'), mainSettings({ folder, relayPort }))
  writeFileSync(join(config, 'master.cf'), services(port))
  execFileSync('/usr/sbin/postfix', ['-c', config, 'check'], { stdio: 'pipe' })

  const child = spawn(master, ['-c', config, '-d'], { stdio: 'ignore' })
  const log = () => (existsSync(place('log')) ? readFileSync(place('log'), 'utf8') : '')
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  cleanUp(t, async () => {
    child.kill('SIGTERM')
    await ended
  })
  await answers(port, () => child.exitCode !== null, log)
  return { port, log }
}

async function answers(port: number, isOver: () => boolean, said: () => string): Promise<void> {
  for (const deadline = Date.now() + 20_000; ; ) {
    if (isOver() || Date.now() > deadline) throw new Error(`Postfix did not start: ${said()}`)
    try {
      using wire = await openWire(port)
      await wire.read()
      return
    } catch {
      // Not yet: it opens its port when it is ready.
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no free port')
  return address.port
}

function mainSettings({ folder, relayPort }: { folder: string; relayPort: number }): string {
  const settings = {
    compatibility_level: '3.6',
    queue_directory: `${folder}/queue`,
    data_directory: `${folder}/data`,
    daemon_directory: '/usr/lib/postfix/sbin',
    command_directory: '/usr/sbin',
    mail_owner: 'postfix',
    setgid_group: 'postdrop',
    maillog_file: `${folder}/log`,
    maillog_file_prefixes: folder,
    myhostname: 'relay.test',
    mydestination: '',
    local_recipient_maps: '',
    inet_interfaces: '127.0.0.1',
    inet_protocols: 'ipv4',
    mynetworks: '',
    relayhost: `[127.0.0.1]:${relayPort}`,
    smtp_tls_security_level: 'may',
    smtpd_tls_chain_files: `${folder}/tls.pem`,
    smtpd_tls_security_level: 'may',
    smtpd_tls_auth_only: 'yes',
    smtpd_sasl_auth_enable: 'yes',
    smtpd_sasl_path: 'smtpd',
    smtpd_sasl_local_domain: 'relay.test',
    smtpd_relay_restrictions: 'permit_sasl_authenticated, reject',
  }
  return Object.entries(settings)
    .map(([name, value]) => `${name} = ${value}\n`)
    .join('')
}

/** master(5): service, type, private, unprivileged, chroot, wakeup, most processes, command. Nothing is chrooted. */
function services(port: number): string {
  return `127.0.0.1:${port} inet n - n - - smtpd
postlog unix-dgram n - n - 1 postlogd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
`
}
