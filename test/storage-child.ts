/** A process of its own that opens a storage and commits without pause: tests kill it, or find its folder in use. */
import { writeSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import type { KeyId, MessageId } from '../src/mail/ids.ts'
import { systemClock } from '../src/runtime/clock.ts'
import { silentLog } from '../src/runtime/log.ts'
import { openStorage, type StoragePlace } from '../src/storage/open.ts'
import { defineInsert } from '../src/storage/storage.ts'

const insertBody = defineInsert('bodies', ['message_id', 'content'])
const insertEvent = defineInsert('events', ['message_id', 'delivery_id', 'key_id', 'kind', 'at'])

const place = JSON.parse(process.argv[2] ?? '') as StoragePlace
const storage = await openStorage({ ...place, log: silentLog, clock: systemClock })
writeSync(1, 'open\n')

async function commitForever() {
  for (;;) {
    const id = (await storage.reserveIds(1)) as MessageId
    await storage.commit({
      writes: [
        insertBody({ message_id: id, content: Buffer.alloc(3_000, String(id)) }),
        insertEvent({
          message_id: id,
          delivery_id: null,
          key_id: 1 as KeyId,
          kind: 'accepted',
          at: Date.now(),
        }),
      ],
    })
    // At once, as an answer to a client would go out.
    await say(`${id}\n`)
  }
}

/** Nobody may be reading: then the pipe is full, and this process has to live on all the same. */
async function say(line: string) {
  for (;;) {
    try {
      writeSync(1, line)
      return
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
      await delay(1)
    }
  }
}

await Promise.all(Array.from({ length: 20 }, commitForever))
