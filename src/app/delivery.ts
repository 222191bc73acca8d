/** The dispatcher, and all else that connects to mail hosts, as the settings want it. */
import type { Config } from '../config.ts'
import { createDispatcher } from '../delivery/dispatcher.ts'
import type { Dispatcher, DispatcherOptions } from '../delivery/outbound.ts'
import { mayConnectLive } from '../delivery/public-address.ts'
import type { Keyring } from '../domains/keyring.ts'
import type { ReturnPaths } from '../mail/return-path.ts'
import { readFromText } from '../routing/from-text.ts'
import type { Router } from '../routing/router.ts'
import { ownReturnPath } from '../routing/rules.ts'
import type { Certificates } from '../runtime/certificates.ts'
import type { Resolver } from '../runtime/dns.ts'
import { isLoopback } from '../runtime/loopback.ts'
import { retrySchedule, siteLimits } from './settings.ts'

export type WaysOut = Pick<
  DispatcherOptions,
  'resolver' | 'mayConnect' | 'name' | 'chunking' | 'localAddress' | 'trustedCas'
> & { ipv6: boolean }

/** How any connection to a mail host is made. */
export function waysOut(
  { mode, name, delivery }: Config,
  { resolver, certificates }: { resolver: Resolver; certificates: Certificates },
): WaysOut {
  const { ehloName = name, chunking, bindAddress, ipv6 } = delivery
  return {
    resolver,
    mayConnect: mode === 'lab' ? isLoopback : mayConnectLive,
    name: ehloName,
    chunking,
    ...(bindAddress !== undefined && { localAddress: bindAddress }),
    ipv6,
    ...(certificates.ca !== undefined && { trustedCas: [certificates.ca] }),
  }
}

export function createDelivery({
  config,
  connecting,
  keyring,
  returnPaths,
  router,
  receiverPort,
  mxPort,
  ...parts
}: Pick<
  DispatcherOptions,
  'storage' | 'queue' | 'clock' | 'log' | 'metrics' | 'ownHosts' | 'onSuppressed' | 'makeOwnContent'
> & {
  config: Config
  connecting: WaysOut
  keyring: Pick<Keyring, 'signingKeys' | 'returnPathDomain'>
  returnPaths: Pick<ReturnPaths, 'make'>
  router: Pick<Router, 'route'>
  /** In the lab: of its receiving host. */
  receiverPort?: number
  /** In the lab: of our own mail host; undefined while it does not listen. */
  mxPort?: () => number | undefined
}): Dispatcher {
  return createDispatcher({
    ...parts,
    ...connecting,
    signingKeys: keyring.signingKeys,
    returnPath: (messageId, { keyId, fromAddress }) =>
      returnPaths.make(messageId, keyring.returnPathDomain(keyId, domainOf(fromAddress))),
    route(message, content) {
      const returnPath = ownReturnPath(message)
      return router.route(message.keyId, {
        readFrom: () => readFromText(content),
        isBulk: message.options.bulk === true,
        ...(returnPath !== undefined && { returnPath }),
      })
    },
    ...(receiverPort !== undefined && { port: receiverPort }),
    ...(mxPort !== undefined && {
      portOf: (host: string) => (host === config.name ? mxPort() : undefined),
    }),
    schedule: retrySchedule(config),
    // In the lab somebody watches: a host that was started a moment too late is tried again at once.
    ...(config.mode === 'lab' && { badHostMs: [1_000, 2_000] as const, outagePausesMs: [1_000, 2_000] }),
    defaultLimits: siteLimits(config),
  })
}

function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1)
}
