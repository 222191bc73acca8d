/** Tracking and unsubscribing, joined: their secret, their addresses, and who writes down what happens. */
import type { Config } from '../config.ts'
import type { SuppressionCheck } from '../contacts/suppression-check.ts'
import type { Clock } from '../runtime/clock.ts'
import { openCountries } from '../runtime/countries.ts'
import type { Log } from '../runtime/log.ts'
import type { Seal } from '../runtime/seal.ts'
import type { Storage } from '../storage/storage.ts'
import { createTrackingDefaults } from '../tracking/defaults.ts'
import { createPersonal } from '../tracking/personal.ts'
import { createRecorder } from '../tracking/recorder.ts'
import { createLinkTokens } from '../tracking/tokens.ts'
import type { Tracking } from '../tracking/tracking.ts'
import { createUnsubscribing } from '../tracking/unsubscribe.ts'

export async function createTracking({
  config,
  storage,
  clock,
  log,
  seal,
  suppressions,
  bounceDomain,
  urls,
}: {
  config: Pick<Config, 'name' | 'tracking'>
  storage: Storage
  clock: Clock
  log: Log
  seal: Seal
  suppressions: Pick<SuppressionCheck, 'forget'>
  bounceDomain: string
  /** Where this instance is reached; the second over HTTPS, if there is such an address. */
  urls: { publicUrl(): string; httpsUrl(): string | undefined }
}): Promise<Tracking> {
  const { url, linkDays, scannerSeconds, geoDatabase } = config.tracking
  const countryOf = await openCountries(geoDatabase)
  const defaults = createTrackingDefaults({ storage, clock })
  const tokens = createLinkTokens({
    secret: seal.derive('links in mail'),
    now: clock.now,
    validDays: linkDays,
  })
  const trackingUrl = () => withoutSlash(url ?? urls.publicUrl())
  return {
    tokens,
    defaults,
    recorder: createRecorder({
      ...{ storage, clock, log, rules: defaults, countryOf },
      scannerMs: scannerSeconds * 1000,
    }),
    unsubscribing: createUnsubscribing({
      ...{ storage, clock, tokens, rules: defaults, countryOf, suppressions },
      mailDomain: bounceDomain,
    }),
    personal: createPersonal({
      tokens,
      trackingUrl,
      unsubscribeUrl() {
        const base = trackingUrl()
        return base.startsWith('https:') ? base : withoutSlash(urls.httpsUrl() ?? base)
      },
      mailDomain: bounceDomain,
      name: config.name,
    }),
  }
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '')
}
