/**
 * Mail for an address that a program reads: kept, and owed to the program in the same transaction. Loops are ignored,
 * and reports about mail of ours are read as such, as they are for everybody else (decide.ts).
 */
import type { Kysely } from 'kysely'
import { type Address, formatAddress, normaliseAddress } from '../mail/address.ts'
import type { AccountId, InboxId } from '../mail/ids.ts'
import { type IncomingMessage, readIncoming } from '../mail/incoming-message.ts'
import type { Instant, Schema } from '../storage/schema.ts'
import { Conflict } from '../storage/storage.ts'
import { bounceSign, loopTag } from './decide.ts'
import type { Handled, InboundParts, IncomingMail } from './inbound.ts'
import { insertIncoming, takenId } from './inbox.ts'
import { toDecisionMessage } from './look-up.ts'

export type Program = {
  /** Of its webhook. */
  id: number
  accountId: AccountId
  /** False: it has not answered for long, and is owed nothing more. */
  isAlive: boolean
}

export type Programs = {
  find(address: Address): Promise<Program | undefined>
  /** What follows from the mail, in the transaction that keeps it. */
  owe(
    db: Kysely<Schema>,
    mail: { programId: number; inboxId: InboxId; firstId: number; now: Instant },
  ): Promise<void>
  /** Something is owed: look now. */
  wake(): void
}

type Arrived = { mail: IncomingMail; message: IncomingMessage; recipient: Address; program: Program }

/** Each program that is addressed, for itself. */
export async function takeForPrograms(parts: InboundParts, mail: IncomingMail): Promise<Handled[]> {
  const handled: Handled[] = []
  for (const recipient of mail.recipients) {
    const program = await parts.programs.find(recipient)
    if (program === undefined) continue
    const message = await readIncoming(mail.raw)
    handled.push(await takeForProgram(parts, { mail, message, recipient, program }))
  }
  return handled
}

/** What would become of it, and whom it is for besides; nothing is stored or told. */
export async function simulatePrograms(
  { programs }: Pick<InboundParts, 'programs'>,
  { recipients, raw }: Pick<IncomingMail, 'recipients' | 'raw'>,
): Promise<{ handled: Handled[]; others: Address[] }> {
  const handled: Handled[] = []
  const others: Address[] = []
  for (const recipient of recipients) {
    const program = await programs.find(recipient)
    if (program === undefined) others.push(recipient)
    else handled.push(simulateProgram(recipient, program, await readIncoming(raw)))
  }
  return { handled, others }
}

async function takeForProgram(parts: InboundParts, arrived: Arrived): Promise<Handled> {
  const { mail, message, recipient, program } = arrived
  const { accountId } = program
  const loop = loopSign(message)
  if (loop !== undefined) return keep(parts, arrived, { outcome: 'ignored-loop', because: [loop] })

  const because: string[] = []
  const report = reportSign(message, recipient)
  if (report !== undefined) {
    because.push(`${report}: it is read as a report about mail of ours.`)
    const { outcome, steps } = await parts.applyReport({
      message,
      raw: mail.raw,
      addressedTo: [recipient],
      now: parts.clock.now(),
    })
    because.push(...steps)
    if (outcome !== 'unreadable' && outcome !== 'nothing-matched') {
      return keep(parts, arrived, { outcome: `report-${outcome}`, because })
    }
    because.push('So it is mail like any other.')
  } else if (message.from !== undefined) {
    await parts.heardFrom({ accountId, address: message.from.address })
  }
  if (await isKnown(parts, arrived)) return duplicate(arrived)
  try {
    const handled = await hand(parts, arrived, because)
    parts.programs.wake()
    return handled
  } catch (error) {
    // The same mail came twice at one time: the other one was first.
    if (error instanceof Conflict) return duplicate(arrived)
    throw error
  }
}

function simulateProgram(recipient: Address, program: Program, message: IncomingMessage): Handled {
  const { accountId } = program
  const loop = loopSign(message)
  if (loop !== undefined) return { accountId, outcome: 'ignored-loop', because: [loop] }
  const report = reportSign(message, recipient)
  const because =
    report === undefined
      ? [whoTakes(recipient, program)]
      : [`${report}: if it is a report about mail of ours, it is read as one.`, whoTakes(recipient, program)]
  return { accountId, outcome: 'parse', because }
}

function loopSign({ inReplyTo, references }: IncomingMessage): string | undefined {
  const isLoop = [...inReplyTo, ...references].some((id) => id.includes(loopTag))
  return isLoop ? 'It answers an automatic answer of ours: a loop. It is ignored.' : undefined
}

function reportSign(message: IncomingMessage, recipient: Address): string | undefined {
  return bounceSign(toDecisionMessage(message, [normaliseAddress(recipient)]), {
    bounce: [],
    hasReturnPath: false,
  })
}

function whoTakes(recipient: Address, { isAlive }: Program): string {
  const taken = `${formatAddress(recipient)} is read by a program`
  return isAlive
    ? `${taken}, which is told of it.`
    : `${taken}, which is suspended: it is kept, and can be sent again.`
}

async function isKnown(
  { storage }: InboundParts,
  { message, recipient, program }: Arrived,
): Promise<boolean> {
  if (message.messageId === undefined) return false
  const row = await storage.db
    .selectFrom('inbox')
    .select('id')
    .where('taken_id', '=', takenId(message.messageId, normaliseAddress(recipient)))
    .where('account_id', '=', program.accountId)
    .executeTakeFirst()
  return row !== undefined
}

/** Whoever was not sure that we have it, and sends it again. */
function duplicate({ recipient, program }: Arrived): Handled {
  const because = [`${formatAddress(recipient)} has had this Message-ID.`]
  return { accountId: program.accountId, outcome: 'ignored-duplicate', because, recipient }
}

async function hand(parts: InboundParts, arrived: Arrived, because: string[]): Promise<Handled> {
  const { recipient, program } = arrived
  const { storage, clock, programs } = parts
  const now = clock.now()
  const firstId = await storage.reserveIds(2)
  const inboxId = firstId as InboxId
  const steps = [...because, whoTakes(recipient, program)]
  await storage.db.transaction().execute(async (db) => {
    await insertIncoming(db, { ...rowOf(arrived, now), inboxId, outcome: 'parse', because: steps })
    if (program.isAlive) await programs.owe(db, { programId: program.id, inboxId, firstId: firstId + 1, now })
  })
  return { accountId: program.accountId, inboxId, outcome: 'parse', because: steps, recipient }
}

async function keep(
  { storage, clock }: InboundParts,
  arrived: Arrived,
  { outcome, because }: { outcome: string; because: string[] },
): Promise<Handled> {
  const { recipient, program } = arrived
  const inboxId = (await storage.reserveIds(1)) as InboxId
  const isTaken = outcome !== 'ignored-loop'
  const row = { ...rowOf(arrived, clock.now()), inboxId, outcome, because, isTaken }
  await storage.db.transaction().execute((db) => insertIncoming(db, row))
  return { accountId: program.accountId, inboxId, outcome, because, recipient }
}

function rowOf({ mail, message, recipient, program }: Arrived, now: Instant) {
  return {
    accountId: program.accountId,
    mail: { ...mail, message, recipientsOfAccount: [recipient] },
    isTaken: true,
    takenBy: normaliseAddress(recipient),
    now,
  }
}
