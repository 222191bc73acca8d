/**
 * Mail for addresses that programs read: kept, and owed to all of them, in one transaction. Loops are ignored, and
 * reports about mail of ours are read as such, as they are for everybody else (decide.ts).
 */
import type { Kysely } from 'kysely'
import { type Address, formatAddress, normaliseAddress } from '../mail/address.ts'
import type { AccountId, InboxId } from '../mail/ids.ts'
import type { IncomingMessage } from '../mail/incoming-message.ts'
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

type Judged = { outcome: string; because: string[] }

/** Each program that is addressed, for itself; all of them, or none. */
export async function takeForPrograms(
  parts: InboundParts,
  { message, ...mail }: IncomingMail & { message: IncomingMessage },
): Promise<Handled[]> {
  const { found } = await findPrograms(parts, mail.recipients)
  if (found.length === 0) return []
  const all = found.map((one): Arrived => ({ ...one, mail, message }))
  try {
    return await takeAll(parts, all)
  } catch (error) {
    // The same mail came twice at one time: the other one was first, and is found now.
    if (error instanceof Conflict) return takeAll(parts, all)
    throw error
  }
}

/** What would become of it, and whom it is for besides; nothing is stored or told. */
export async function simulatePrograms(
  parts: Pick<InboundParts, 'programs'>,
  { recipients, message }: Pick<IncomingMail, 'recipients'> & { message: IncomingMessage },
): Promise<{ handled: Handled[]; others: Address[] }> {
  const { found, others } = await findPrograms(parts, recipients)
  if (found.length === 0) return { handled: [], others }
  return { handled: found.map(({ recipient, program }) => simulate(recipient, program, message)), others }
}

async function findPrograms({ programs }: Pick<InboundParts, 'programs'>, recipients: readonly Address[]) {
  const found: { recipient: Address; program: Program }[] = []
  const others: Address[] = []
  for (const recipient of recipients) {
    const program = await programs.find(recipient)
    if (program === undefined) others.push(recipient)
    else found.push({ recipient, program })
  }
  return { found, others }
}

async function takeAll(parts: InboundParts, all: readonly Arrived[]): Promise<Handled[]> {
  const judged: { arrived: Arrived; verdict: Judged }[] = []
  const addressed = new Set<string>()
  for (const arrived of all) {
    const address = normaliseAddress(arrived.recipient)
    // Whoever writes one address twice means one mail.
    const verdict = addressed.has(address) ? duplicateOf(arrived) : await judge(parts, arrived)
    addressed.add(address)
    judged.push({ arrived, verdict })
  }
  return keepAll(parts, judged)
}

async function judge(parts: InboundParts, arrived: Arrived): Promise<Judged> {
  const { mail, message, recipient, program } = arrived
  const loop = loopSign(message)
  if (loop !== undefined) return { outcome: ignoredLoop, because: [loop] }
  if (await isKnown(parts, arrived)) return duplicateOf(arrived)

  const because: string[] = []
  const report = reportSign(message, recipient)
  if (report !== undefined) {
    because.push(`${report}: it is read as a report about mail of ours.`)
    const { outcome, messageId, steps } = await parts.applyReport({
      message,
      raw: mail.raw,
      addressedTo: [recipient],
      now: parts.clock.now(),
    })
    because.push(...steps)
    if (messageId !== undefined && outcome !== 'nothing-matched') {
      return { outcome: `report-${outcome}`, because }
    }
    because.push('So it is mail like any other.')
  } else if (message.from !== undefined) {
    await parts.heardFrom({ accountId: program.accountId, address: message.from.address })
  }
  return { outcome: parsed, because: [...because, whoTakes(recipient, program)] }
}

const parsed = 'parse'
const ignoredLoop = 'ignored-loop'
const ignoredDuplicate = 'ignored-duplicate'

function simulate(recipient: Address, program: Program, message: IncomingMessage): Handled {
  const { accountId } = program
  const loop = loopSign(message)
  if (loop !== undefined) return { accountId, outcome: ignoredLoop, because: [loop] }
  const report = reportSign(message, recipient)
  const because =
    report === undefined
      ? [whoTakes(recipient, program)]
      : [`${report}: if it is a report about mail of ours, it is read as one.`, whoTakes(recipient, program)]
  return { accountId, outcome: parsed, because }
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

/** Whoever was not sure that we have it sends it again. */
function duplicateOf({ recipient }: Arrived): Judged {
  return { outcome: ignoredDuplicate, because: [`${formatAddress(recipient)} has had this mail.`] }
}

async function keepAll(
  parts: InboundParts,
  judged: readonly { arrived: Arrived; verdict: Judged }[],
): Promise<Handled[]> {
  const { storage, clock, programs } = parts
  const now = clock.now()
  // Of each mail in the inbox, and of what is owed for it.
  const firstId = await storage.reserveIds(2 * judged.length)
  const rows = judged.map((one, i) => ({ ...one, inboxId: (firstId + 2 * i) as InboxId }))
  const kept = rows
    .filter(({ verdict }) => verdict.outcome !== ignoredDuplicate)
    // In one order, whoever takes the mail: two that wait for each other would wait for ever.
    .toSorted((a, b) => a.arrived.program.id - b.arrived.program.id)
  const owed = kept.filter(({ arrived, verdict }) => verdict.outcome === parsed && arrived.program.isAlive)
  if (kept.length > 0) {
    await storage.db.transaction().execute(async (db) => {
      for (const { arrived, verdict, inboxId } of kept) {
        const isTaken = verdict.outcome !== ignoredLoop
        await insertIncoming(db, { ...rowOf(arrived), ...verdict, inboxId, isTaken, now })
      }
      for (const { arrived, inboxId } of owed) {
        await programs.owe(db, { programId: arrived.program.id, inboxId, firstId: inboxId + 1, now })
      }
    })
  }
  if (owed.length > 0) programs.wake()
  return rows.map(({ arrived: { recipient, program }, verdict, inboxId }) => ({
    ...{ accountId: program.accountId, recipient },
    ...verdict,
    ...(verdict.outcome !== ignoredDuplicate && { inboxId }),
  }))
}

function rowOf({ mail, message, recipient, program }: Arrived) {
  return {
    accountId: program.accountId,
    mail: { ...mail, message, recipientsOfAccount: [recipient] },
    takenBy: normaliseAddress(recipient),
  }
}
