/** Campaigns without a network: real rows, and a door that nobody delivers behind. */
import { createCampaignsPart } from '../src/app/campaigns.ts'
import { createTracking } from '../src/app/tracking.ts'
import type { CampaignsContext } from '../src/campaigns/context.ts'
import { createRenderer } from '../src/campaigns/render.ts'
import { createSuppressionCheck } from '../src/contacts/suppression-check.ts'
import type { Intake } from '../src/intake/draft.ts'
import type { HandOver } from '../src/intake/hand-over.ts'
import { createIntake } from '../src/intake/intake.ts'
import type { KeyId } from '../src/mail/ids.ts'
import { type Clock, systemClock } from '../src/runtime/clock.ts'
import { silentLog } from '../src/runtime/log.ts'
import { createMetrics } from '../src/runtime/metrics.ts'
import type { Seal } from '../src/runtime/seal.ts'
import type { Storage } from '../src/storage/storage.ts'

export const nobodyTakes: HandOver = {
  tryReserve: () => false,
  take: () => undefined,
  unreserve: () => undefined,
  wake: () => undefined,
}

const plainSeal: Seal = { seal: (text) => text, open: (text) => text, derive: () => Buffer.alloc(32) }
const name = 'mail.paravion.example'

export function createTestTracking(storage: Storage, { clock = systemClock }: { clock?: Clock } = {}) {
  return createTracking({
    config: {
      name,
      tracking: { url: undefined, linkDays: 30, scannerSeconds: 5, geoDatabase: undefined },
    },
    ...{ storage, clock, log: silentLog, seal: plainSeal, bounceDomain: `bounce.${name}` },
    suppressions: { forget: () => undefined },
    urls: { publicUrl: () => `https://${name}`, httpsUrl: () => undefined },
  })
}

export function createTestIntake(storage: Storage, { clock = systemClock }: { clock?: Clock } = {}): Intake {
  return createIntake({
    ...{ storage, clock, log: silentLog, handOver: nobodyTakes },
    maySendAs: async () => true,
    suppressions: createSuppressionCheck({ storage, clock }),
    settings: {
      name,
      systemKeyId: 1 as KeyId,
      smtpSenderCheck: 'refuse',
      maxMessageBytes: 26_214_400,
      lifetimeMs: { transactional: 3_600_000, bulk: 3_600_000 },
    },
    metrics: createMetrics({ processDefaults: false }),
  })
}

/** Whoever asks may send as anybody whose address does not begin with `other`. */
export function createTestCampaigns(
  storage: Storage,
  {
    clock = systemClock,
    intake = createTestIntake(storage, { clock }),
    ...more
  }: Partial<CampaignsContext> = {},
): CampaignsContext {
  const { campaigns } = createCampaignsPart({
    ...{ storage, clock, log: silentLog, intake },
    config: {
      campaigns: {
        ...{ pauseHardBouncePercent: 5, pauseComplaintPercent: 0.2, pauseRefusedPercent: 20 },
        pauseUnmadePercent: 50,
        pauseAfterResults: 20,
      },
    },
    statistics: { fresh: async () => true },
    maySendAs: async (_keyId, { local }) => !local.startsWith('other'),
    trackingOf: async () => ({ opens: false, clicks: false }),
  })
  return { ...campaigns, ...more }
}

export async function createTestRenderer(storage: Storage, { clock = systemClock }: { clock?: Clock } = {}) {
  const { personal } = await createTestTracking(storage, { clock })
  return createRenderer({ linksFor: personal.linksFor, now: clock.now })
}
