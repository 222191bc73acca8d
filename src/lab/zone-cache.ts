/** The zone in the lab's thread: read again from the other side when it is more than a second old. */
import type { Zone, ZoneRecords } from './zone.ts'
import { createZone } from './zone.ts'

const maxAgeMs = 1_000

export type ZoneSource = {
  current(): Promise<Zone>
  /** What was read is out of date; the next question reads again. */
  forget(): void
}

export function createZoneSource({
  read,
  ipv6,
}: {
  read: () => Promise<ZoneRecords>
  ipv6: () => boolean
}): ZoneSource {
  let zone: Promise<Zone> | undefined
  let readAt = Number.NEGATIVE_INFINITY

  return {
    current() {
      const now = performance.now()
      if (zone === undefined || now - readAt > maxAgeMs) {
        readAt = now
        const reading = read().then((records) => createZone(records, { ipv6: ipv6() }))
        // A failed reading is told to those who asked, and not kept.
        reading.catch(() => {
          if (zone === reading) zone = undefined
        })
        zone = reading
      }
      return zone
    },
    forget() {
      zone = undefined
    },
  }
}
