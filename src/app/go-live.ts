/** What has to be right before mail of a company goes through this instance, each point looked at for real. */
import { X509Certificate } from 'node:crypto'
import { connect } from 'node:net'
import type { Config } from '../config.ts'
import { listDomains } from '../domains/domains.ts'
import type { GoLiveCheck } from '../http/dependencies.ts'
import type { Certificates } from '../runtime/certificates.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Resolver } from '../runtime/dns.ts'
import type { Storage } from '../storage/storage.ts'
import { mailDomainOf } from './webhooks.ts'

/** A large provider whose hosts take connections from everywhere: only the connection is made. */
const wellKnownDomain = 'gmail.com'
const connectTimeoutMs = 10_000
const day = 86_400_000

type Context = {
  config: Config
  certificates: Certificates
  resolver: Resolver
  storage: Storage
  clock: Clock
  bounceDomain: string
}

export async function checkGoLive(context: Context): Promise<GoLiveCheck[]> {
  const { config } = context
  const addresses = config.mode === 'live' ? await addressesOf(context) : []
  return [
    checkMode(config),
    checkName(config),
    await checkAddress(context, addresses),
    await checkPtr(context, addresses),
    await checkPort25(context),
    checkIncoming(config),
    await checkBounceDomain(context),
    ...(await checkMailDomain(context)),
    checkCertificate(context),
    checkPublicUrl(config),
    await checkDomains(context),
    await checkTwoFactor(context.storage),
  ]
}

const onlyLive = {
  status: 'unknown' as const,
  found: 'Not looked up in the lab: nothing leaves this machine.',
}

function checkMode({ mode }: Config): GoLiveCheck {
  return mode === 'live'
    ? { id: 'mode', status: 'ok', found: 'mode = "live"', mend: '' }
    : {
        id: 'mode',
        status: 'warn',
        found: 'mode = "lab": nothing leaves this machine.',
        mend: 'When the other points are right, set mode = "live" (PARAVION_MODE=live) and start again.',
      }
}

function checkName({ name }: Config): GoLiveCheck {
  const isForTests = /(?:^|\.)(?:example|test|localhost|invalid|local)(?:\.(?:com|net|org))?$/.test(name)
  return isForTests || !name.includes('.')
    ? {
        id: 'name',
        status: 'bad',
        found: `name = "${name}"`,
        mend: 'Set name (PARAVION_NAME) to the public host name of this machine, such as mail.your-company.com.',
      }
    : { id: 'name', status: 'ok', found: name, mend: '' }
}

async function addressesOf({ config, resolver }: Context): Promise<string[]> {
  const answer = await resolver.addresses(config.name)
  return answer.kind === 'found' ? [...answer.records.v4, ...answer.records.v6] : []
}

async function checkAddress({ config }: Context, addresses: readonly string[]): Promise<GoLiveCheck> {
  const mend = `Publish an A record (and AAAA, if this machine has IPv6) for ${config.name} with its public address.`
  if (config.mode === 'lab') return { id: 'address', ...onlyLive, mend }
  return addresses.length > 0
    ? { id: 'address', status: 'ok', found: addresses.join(', '), mend: '' }
    : { id: 'address', status: 'bad', found: `${config.name} has no address in DNS`, mend }
}

async function checkPtr({ config, resolver }: Context, addresses: readonly string[]): Promise<GoLiveCheck> {
  const mend = `Ask whoever gave you the address (your hosting provider) to set its reverse name (PTR) to ${config.name}. Large receivers refuse mail without it.`
  if (config.mode === 'lab') return { id: 'ptr', ...onlyLive, mend }
  const found: string[] = []
  let isGood = addresses.length > 0
  for (const address of addresses) {
    const answer = await resolver.ptr(address)
    const names = answer.kind === 'found' ? answer.records : []
    if (!names.includes(config.name)) isGood = false
    found.push(`${address}: ${names.join(', ') || 'no name'}`)
  }
  return {
    id: 'ptr',
    status: isGood ? 'ok' : 'bad',
    found: found.join('; ') || 'no address to look up',
    mend: isGood ? '' : mend,
  }
}

async function checkPort25({ config, resolver }: Context): Promise<GoLiveCheck> {
  const mend =
    'Ask your provider to open outgoing port 25, or set an outgoing mail server (or delivery.smarthost) that takes mail on 587 or 465.'
  if (config.mode === 'lab') return { id: 'port25', ...onlyLive, mend }
  const answer = await resolver.mx(wellKnownDomain)
  const host = answer.kind === 'found' ? answer.records[0]?.exchange : undefined
  if (host === undefined) {
    return {
      id: 'port25',
      status: 'unknown',
      found: `DNS does not tell the mail hosts of ${wellKnownDomain}`,
      mend,
    }
  }
  const problem = await tryConnect(host, 25)
  return problem === undefined
    ? { id: 'port25', status: 'ok', found: `${host}:25 answers`, mend: '' }
    : { id: 'port25', status: 'bad', found: `${host}:25: ${problem}`, mend }
}

/** Why no connection can be made. It is closed at once: nothing is said. */
function tryConnect(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: connectTimeoutMs })
    const end = (problem: string | undefined) => {
      socket.destroy()
      resolve(problem)
    }
    socket.once('connect', () => end(undefined))
    socket.once('timeout', () => end(`no answer within ${connectTimeoutMs / 1000} s`))
    socket.once('error', (error) => end(error.message))
  })
}

function checkIncoming({ roles, mx, mode }: Config): GoLiveCheck {
  const mend = 'Bounces and leads come in by port 25: let it listen there (mx.port = 25, role mx).'
  if (!roles.includes('mx') || mx.port === 'off') {
    return { id: 'incoming', status: 'warn', found: 'This instance takes no incoming mail.', mend }
  }
  const isUsual = mode === 'lab' || mx.port === 25
  return {
    id: 'incoming',
    status: isUsual ? 'ok' : 'warn',
    found: `Incoming mail on port ${mx.port}${mode === 'lab' ? ' (live: 25)' : ''}`,
    mend: isUsual ? '' : mend,
  }
}

async function checkBounceDomain({ config, resolver, bounceDomain }: Context): Promise<GoLiveCheck> {
  const mend = `Publish an MX record for ${bounceDomain} that names ${config.name}: without it bounces do not come back.`
  if (config.mode === 'lab') return { id: 'bounces', ...onlyLive, mend }
  const answer = await resolver.mx(bounceDomain)
  const hosts = answer.kind === 'found' ? answer.records.map(({ exchange }) => exchange) : []
  return hosts.includes(config.name)
    ? { id: 'bounces', status: 'ok', found: `${bounceDomain}: ${hosts.join(', ')}`, mend: '' }
    : { id: 'bounces', status: 'bad', found: `${bounceDomain}: ${hosts.join(', ') || 'no MX record'}`, mend }
}

/** Only where somebody has such an address. */
async function checkMailDomain({ config, resolver, storage }: Context): Promise<GoLiveCheck[]> {
  const domain = mailDomainOf(config)
  const routes = await storage.db.selectFrom('webhooks').select('topic').where('kind', '=', 'mail').execute()
  if (!routes.some(({ topic }) => topic.endsWith(`@${domain}`))) return []
  const mend = `Publish an MX record for ${domain} that names ${config.name}: without it no mail comes for parse routes.`
  if (config.mode === 'lab') return [{ id: 'parse-routes', ...onlyLive, mend }]
  const answer = await resolver.mx(domain)
  const hosts = answer.kind === 'found' ? answer.records.map(({ exchange }) => exchange) : []
  const found = `${domain}: ${hosts.join(', ') || 'no MX record'}`
  const isRight = hosts.includes(config.name)
  return [{ id: 'parse-routes', status: isRight ? 'ok' : 'bad', found, mend: isRight ? '' : mend }]
}

function checkCertificate({ config, certificates, clock }: Context): GoLiveCheck {
  const certificate = new X509Certificate(certificates.certificate)
  const ends = certificate.validToDate.getTime()
  const daysLeft = Math.floor((ends - clock.now()) / day)
  const found = `${certificate.subjectAltName ?? certificate.subject}, until ${certificate.validToDate.toISOString().slice(0, 10)}`
  if (certificate.checkHost(config.name) === undefined) {
    return {
      id: 'certificate',
      status: 'bad',
      found,
      mend: `The certificate is not for ${config.name}: set tls.certificate and tls.key to one that is.`,
    }
  }
  if (daysLeft < 14) {
    return {
      id: 'certificate',
      status: 'bad',
      found,
      mend: `It ends in ${daysLeft} days: renew it and start again.`,
    }
  }
  if (certificates.caPath !== undefined && config.tls.certificate === undefined) {
    return {
      id: 'certificate',
      status: 'warn',
      found: `${found}, of our own authority`,
      mend: 'Clients have to trust tls/ca.pem of the data folder. For clients that you do not control, set tls.certificate and tls.key to one of a public authority.',
    }
  }
  return { id: 'certificate', status: 'ok', found, mend: '' }
}

function checkPublicUrl({ http }: Config): GoLiveCheck {
  const mend =
    'Set http.public_url to the https address under which people reach this console: it stands in activation mails and links.'
  if (http.publicUrl === undefined)
    return { id: 'url', status: 'warn', found: 'http.public_url is not set', mend }
  const isSecure = http.publicUrl.startsWith('https:')
  return { id: 'url', status: isSecure ? 'ok' : 'bad', found: http.publicUrl, mend: isSecure ? '' : mend }
}

async function checkDomains({ storage, config }: Context): Promise<GoLiveCheck> {
  const domains = (await listDomains(storage)).filter(({ name }) => name !== config.name)
  const good = domains.filter(
    ({ isActive, dkimStatus, spfStatus }) => isActive && dkimStatus === 'ok' && spfStatus === 'ok',
  )
  const names = domains.filter((domain) => !good.includes(domain)).map(({ name }) => name)
  if (domains.length > 0 && names.length === 0) {
    return { id: 'domains', status: 'ok', found: good.map(({ name }) => name).join(', '), mend: '' }
  }
  return {
    id: 'domains',
    status: 'bad',
    found:
      domains.length === 0
        ? 'There is no domain yet'
        : `Not validated or not authenticated: ${names.join(', ')}`,
    mend: 'Add the domains that you send from, validate them, and publish their SPF, DKIM and DMARC records.',
  }
}

async function checkTwoFactor(storage: Storage): Promise<GoLiveCheck> {
  const owners = await storage.db
    .selectFrom('users')
    .select(['email', 'totp_confirmed_at'])
    .where('role', 'in', ['owner', 'admin'])
    .execute()
  const without = owners.filter((user) => user.totp_confirmed_at === null).map(({ email }) => email)
  return without.length === 0
    ? { id: 'two-factor', status: owners.length > 0 ? 'ok' : 'unknown', found: `${owners.length}`, mend: '' }
    : {
        id: 'two-factor',
        status: 'warn',
        found: `Without it: ${without.join(', ')}`,
        mend: 'Let owners and admins turn on two-factor authentication in their profile.',
      }
}
