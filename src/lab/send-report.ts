/** The hop of a report: to the MX of its address as the lab's DNS knows it, over SMTP, within this machine. */
import { prepareBody } from '../delivery/prepare-body.ts'
import { openSession } from '../delivery/smtp-client.ts'
import { defaultTimeouts } from '../delivery/timeouts.ts'
import { createTranscript } from '../delivery/transcript.ts'
import { formatAddress, isAscii } from '../mail/address.ts'
import { assertLoopback } from './only-loopback.ts'
import { parseMx } from './records.ts'
import type { SendReport } from './reporter.ts'
import type { Zone } from './zone.ts'
import { labHost } from './zone.ts'
import type { ZoneSource } from './zone-cache.ts'

/** Nobody waits longer for a host on the same machine. */
const timeouts = {
  ...defaultTimeouts,
  connectMs: 5_000,
  greetingMs: 10_000,
  ehloMs: 10_000,
  envelopeMs: 30_000,
  dataMs: 30_000,
  blockMs: 30_000,
  finalMs: 60_000,
}

/** `portOf` a mail host: all of them are on this machine, told apart by their ports. */
export function createReportSender({
  zones,
  portOf,
}: {
  zones: ZoneSource
  portOf: (host: string) => number | Promise<number>
}): SendReport {
  return async ({ to, content }) => {
    const { host, address } = findMailHost(await zones.current(), to.domain)
    assertLoopback(address)
    const transcript = createTranscript()
    const opened = await openSession(
      { host, address, port: await portOf(host), name: labHost, tls: 'opportunistic', timeouts },
      transcript,
    )
    if ('failure' in opened) throw new Error(`No session with ${host}: ${opened.failure.text}`)
    const result = await opened.session.send({
      envelopeFrom: '',
      recipients: [{ address: formatAddress(to) }],
      body: prepareBody('', content),
      smtpUtf8: !isAscii(to),
    })
    if (result.final !== undefined && result.final.code < 300) return opened.session.quit()
    opened.session.destroy()
    throw new Error(`${host} did not take the report:\n${transcript.take()}`)
  }
}

/** The first MX and its address. */
function findMailHost(zone: Zone, domain: string): { host: string; address: string } {
  const [best] = valuesOf(zone, domain, 'MX')
    .map(parseMx)
    .toSorted((a, b) => a.preference - b.preference)
  const host = best?.exchange ?? domain
  const [address] = valuesOf(zone, host, 'A')
  if (address === undefined) throw new Error(`The lab's DNS knows no mail host for ${domain}`)
  return { host, address }
}

function valuesOf(zone: Zone, name: string, type: 'A' | 'MX'): string[] {
  const answer = zone.answer(name, type)
  if (answer.kind === 'silence') return []
  return answer.records.filter((record) => record.type === type).map(({ value }) => value)
}
