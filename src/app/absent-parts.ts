/** What stands in for parts that this process does not run. */
import type { HandOver } from '../intake/hand-over.ts'
import { createInbox } from '../lab/inbox.ts'
import { createLabRecords } from '../lab/records.ts'
import type { Resolver } from '../runtime/dns.ts'
import type { Log } from '../runtime/log.ts'
import { readProgress } from '../stats/fold.ts'
import type { Statistics } from '../stats/statistics.ts'
import type { Storage } from '../storage/storage.ts'

/** Where this process does not deliver, accepted mail waits in the queue for one that does. */
export const nobodyDelivers: HandOver = {
  tryReserve: () => false,
  take: () => {
    throw new Error('work was handed over where nobody delivers')
  },
  unreserve: () => undefined,
  wake: () => undefined,
}

/** The lab's inbox and DNS records while no lab runs: what is stored can be read and changed all the same. */
export function closedLab(storage: Storage, log: Log) {
  const { inbox } = createInbox({ storage, log })
  return { inbox, records: createLabRecords({ storage, onChange: async () => undefined }) }
}

/** Another process counts; how far it has come can be seen. */
export function countedElsewhere({ db }: Storage): Statistics {
  return {
    async fresh() {
      const counted = await readProgress({ db })
      const later = await db.selectFrom('events').select('id').where('id', '>', counted).limit(1).execute()
      return later.length === 0
    },
    catchUp: async () => undefined,
    stop: async () => undefined,
  }
}

/** The lab's DNS while no lab runs. */
export const silentResolver: Pick<Resolver, 'addresses'> = {
  addresses: async () => ({ kind: 'failed', reason: 'the lab is not running' }),
}
