/**
 * `Idempotency-Key`: a repeated call gets the first answer for a day. The key is reserved before the call is worked on,
 * and the answer is stored in the same commit as the messages, so that there is never one without the other.
 */
import { hash } from 'node:crypto'
import type { KeyId } from '../../mail/ids.ts'
import type { Clock } from '../../runtime/clock.ts'
import type { Log } from '../../runtime/log.ts'
import type { Storage, Write } from '../../storage/storage.ts'
import { Conflict, defineDelete, defineInsert, defineUpdate } from '../../storage/storage.ts'

const keptMs = 24 * 3_600_000
/** A reservation this old belongs to a process that died: what it worked on was not stored. */
const abandonedAfterMs = 10 * 60_000
const forgetEveryMs = 3_600_000

const insertReservation = defineInsert('idempotency', [
  'key_id',
  'name',
  'request_hash',
  'status',
  'body',
  'created_at',
])
const setAnswer = defineUpdate('idempotency', ['status', 'body'], ['key_id', 'name', 'created_at'])
const deleteReservation = defineDelete('idempotency', ['key_id', 'name', 'created_at'])

export type Reservation = {
  /** To be stored with the messages. */
  answer(status: number, body: string): Write
  /** Nothing was stored: the key is free for another try. */
  release(): Promise<void>
}

export type Reserved =
  | { kind: 'reserved'; reservation: Reservation }
  | { kind: 'answered'; status: number; body: string }
  | { kind: 'running' }
  | { kind: 'other-request' }

export type Idempotency = {
  reserve(call: { keyId: KeyId; name: string; path: string; body: Buffer }): Promise<Reserved>
}

/** Printable ASCII, as long as anybody needs. */
export function isIdempotencyKey(name: string): boolean {
  return /^[\x20-\x7e]{1,255}$/.test(name)
}

export function createIdempotency({
  storage,
  clock,
  log,
}: {
  storage: Storage
  clock: Clock
  log: Log
}): Idempotency {
  let forgottenAt = clock.now()

  async function forgetOld(now: number): Promise<void> {
    if (now - forgottenAt < forgetEveryMs) return
    forgottenAt = now
    await storage.db
      .deleteFrom('idempotency')
      .where('created_at', '<', now - keptMs)
      .execute()
  }

  async function remove(keyId: KeyId, name: string, createdAt: number): Promise<void> {
    await storage.commit({ writes: [deleteReservation({ key_id: keyId, name, created_at: createdAt })] })
  }

  return {
    async reserve({ keyId, name, path, body }) {
      const requestHash = hash('sha256', `${path}\n${hash('sha256', body, 'hex')}`, 'hex')
      forgetOld(clock.now()).catch((error: unknown) =>
        log.error({ err: error }, 'old answers were not forgotten'),
      )
      for (;;) {
        const now = clock.now()
        const row = { key_id: keyId, name, request_hash: requestHash, created_at: now }
        try {
          await storage.commit({ writes: [insertReservation({ ...row, status: null, body: null })] })
          return {
            kind: 'reserved',
            reservation: {
              answer: (status, answer) =>
                setAnswer({ status, body: answer, key_id: keyId, name, created_at: now }),
              async release() {
                // A commit of which nobody knows whether it was stored may have stored the answer: that one stays.
                await storage.db
                  .deleteFrom('idempotency')
                  .where('key_id', '=', keyId)
                  .where('name', '=', name)
                  .where('created_at', '=', now)
                  .where('status', 'is', null)
                  .execute()
              },
            },
          }
        } catch (error) {
          if (!(error instanceof Conflict)) throw error
        }
        const first = await storage.db
          .selectFrom('idempotency')
          .select(['request_hash', 'status', 'body', 'created_at'])
          .where('key_id', '=', keyId)
          .where('name', '=', name)
          .executeTakeFirst()
        // Released between the two looks.
        if (first === undefined) continue
        const age = now - first.created_at
        if (age >= (first.status === null ? abandonedAfterMs : keptMs)) {
          await remove(keyId, name, first.created_at)
          continue
        }
        if (first.request_hash !== requestHash) return { kind: 'other-request' }
        if (first.status === null) return { kind: 'running' }
        return { kind: 'answered', status: first.status, body: first.body ?? '' }
      }
    },
  }
}
