import assert from 'node:assert/strict'
import { openTestStorage, storageTest } from '../../test/storage.ts'
import { type Address, formatAddress, parseAddress } from '../mail/address.ts'
import type { AccountId, KeyId } from '../mail/ids.ts'
import { type IncomingMessage, parseIncoming } from '../mail/incoming-message.ts'
import { systemClock } from '../runtime/clock.ts'
import { silentLog } from '../runtime/log.ts'
import type { Storage } from '../storage/storage.ts'
import type { InboundParts, IncomingMail } from './inbound.ts'
import { takeForPrograms } from './programs.ts'

const accountId = 1 as AccountId
const programs = new Map([
  ['orders@shop.example', 11],
  ['bills@shop.example', 12],
])

/** `owes`: what is owed to a program; it may fail. */
function createParts(storage: Storage, owes: (programId: number) => void): InboundParts {
  return {
    ...{ storage, clock: systemClock, log: silentLog, host: 'mail.paravion.example' },
    readReturnPath: () => undefined,
    applyReport: async () => ({ outcome: 'nothing-matched', steps: [] }),
    unsubscribe: async () => false,
    heardFrom: async () => undefined,
    send: async () => undefined,
    system: { accountId, keyId: 1 as KeyId },
    programs: {
      async find(address) {
        const id = programs.get(formatAddress(address).toLowerCase())
        return id === undefined ? undefined : { id, accountId, isAlive: true }
      },
      owe: async (_db, { programId }) => owes(programId),
      wake: () => undefined,
    },
  }
}

function address(text: string): Address {
  const parsed = parseAddress(text)
  assert.ok(parsed !== undefined, text)
  return parsed
}

function mailTo(...to: string[]): IncomingMail & { message: IncomingMessage } {
  const raw = Buffer.from('From: ann@client.example\r\nMessage-ID: <one@client.example>\r\n\r\nHello')
  return {
    message: parseIncoming(raw),
    envelopeFrom: 'ann@client.example',
    recipients: to.map(address),
    raw,
    client: 'test',
    authentication: { spf: 'pass', dkim: 'pass', dmarc: 'pass' },
  }
}

async function recipientsKept(storage: Storage): Promise<string[]> {
  const rows = await storage.db.selectFrom('inbox').select('recipients').execute()
  return rows.map(({ recipients }) => recipients).toSorted()
}

storageTest('a mail is kept for all the programs that it is for, or for none', async (_t, storage) => {
  const owed: number[] = []
  let isBroken = true
  const parts = createParts(storage, (id) => {
    if (isBroken && id === 12) throw new Error('the disk is full')
    owed.push(id)
  })
  const mail = mailTo('bills@shop.example', 'Orders@shop.example', 'orders@shop.example', 'lea@shop.example')
  await assert.rejects(takeForPrograms(parts, mail), /the disk is full/)
  assert.deepEqual(await recipientsKept(storage), [])

  isBroken = false
  owed.length = 0
  const handled = await takeForPrograms(parts, mail)
  assert.deepEqual(
    handled.map(({ outcome, recipient }) => [
      outcome,
      recipient === undefined ? '' : formatAddress(recipient),
    ]),
    [
      ['parse', 'bills@shop.example'],
      ['parse', 'Orders@shop.example'],
      ['ignored-duplicate', 'orders@shop.example'],
    ],
  )
  assert.deepEqual(owed, [11, 12])
  assert.deepEqual(await recipientsKept(storage), ['Orders@shop.example', 'bills@shop.example'])
})

storageTest('the same mail that comes twice at one time is kept once', async (t, storage, place) => {
  const owed: number[] = []
  const other = place.kind === 'postgres' ? await openTestStorage(t, place) : storage
  const mail = mailTo('orders@shop.example', 'bills@shop.example')
  const taken = await Promise.all(
    [storage, other].map((one) =>
      takeForPrograms(
        createParts(one, (id) => owed.push(id)),
        mail,
      ),
    ),
  )
  assert.deepEqual(
    taken
      .flat()
      .map(({ outcome }) => outcome)
      .toSorted(),
    ['ignored-duplicate', 'ignored-duplicate', 'parse', 'parse'],
  )
  assert.deepEqual(await recipientsKept(storage), ['bills@shop.example', 'orders@shop.example'])
})
