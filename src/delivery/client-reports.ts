/** Tells clients what could not be delivered: each failure once, through the door of all mail. */
import { randomBytes } from 'node:crypto'
import type { Intake } from '../intake/draft.ts'
import { clientReportLane } from '../intake/request-client-report.ts'
import type { MessageOptions } from '../intake/submission.ts'
import { type Address, parseAddress } from '../mail/address.ts'
import type { MessageId, WorkId } from '../mail/ids.ts'
import { createLaneWorker, type LaneWorker } from '../queue/lane-worker.ts'
import type { Queue } from '../queue/queue.ts'
import type { Work } from '../queue/work.ts'
import { guardLease } from '../queue/writes.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Log } from '../runtime/log.ts'
import { defineDelete, type Storage } from '../storage/storage.ts'
import { composeClientReport, headerOnly, isReport, noticeOf, subjectOf } from './compose-client-report.ts'

const deleteClientReports = defineDelete('client_reports', ['work_id'])

const atOnce = 4
const maxTries = 100

export function startClientReports({
  storage,
  queue,
  intake,
  clock,
  log,
  host,
  from,
}: {
  storage: Storage
  queue: Pick<Queue, 'claim' | 'nextDueAt'>
  intake: Pick<Intake, 'storeReport'>
  clock: Clock
  log: Log
  /** Of the instance. */
  host: string
  from: Address
}): LaneWorker {
  const { db } = storage

  async function tell(work: Work): Promise<void> {
    const guard = guardLease({ id: work.id, owner: storage.nodeId })
    // The report, the end of its work and what is owed stand in one commit: told once, or still to be told.
    const done = { guards: [guard], writes: [deleteClientReports({ work_id: work.id })] }
    const report = await reportOf(work)
    if (report === undefined) await storage.commit(done)
    else await intake.storeReport(report, done)
  }

  async function reportOf(work: Work) {
    const messageId = work.ref as MessageId
    const message = await db
      .selectFrom('messages')
      .innerJoin('api_keys', 'api_keys.id', 'messages.key_id')
      .leftJoin('bodies', 'bodies.message_id', 'messages.id')
      .select([
        'api_keys.reports_bounces',
        'messages.envelope_from',
        'messages.from_address',
        'messages.subject',
        'messages.header_message_id',
        'messages.accepted_at',
        'messages.options',
        'bodies.content',
      ])
      .where('messages.id', '=', messageId)
      .executeTakeFirst()
    if (message === undefined || message.reports_bounces !== 1) return undefined
    const to = parseAddress(message.envelope_from)
    const deliveries = await toldDeliveries(work.id)
    if (to === undefined || deliveries.length === 0) return undefined
    const { ret, envid } = JSON.parse(message.options) as MessageOptions
    const known = {
      from: message.from_address,
      subject: message.subject,
      messageId: message.header_message_id,
    }
    const content = message.content === null ? headerOnly(known) : Buffer.from(message.content)
    if (isReport(content)) return undefined
    const sender = { name: 'Mail Delivery System', address: from }
    const reportId = `<${randomBytes(12).toString('hex')}@${from.domain}>`
    return {
      from: sender,
      to,
      messageId: reportId,
      subject: subjectOf(deliveries),
      content: composeClientReport(
        {
          acceptedAt: message.accepted_at,
          content,
          ...(ret !== undefined && { ret }),
          ...(envid !== undefined && { envid }),
        },
        {
          deliveries,
          from: sender,
          to: { name: '', address: to },
          messageId: reportId,
          host,
          now: clock.now(),
        },
      ),
    }
  }

  async function toldDeliveries(workId: WorkId) {
    const rows = await db
      .selectFrom('client_reports')
      .innerJoin('deliveries', 'deliveries.id', 'client_reports.delivery_id')
      .select([
        'deliveries.recipient',
        'deliveries.state',
        'deliveries.class',
        'deliveries.reply_code as replyCode',
        'deliveries.reply_text as replyText',
        'deliveries.dsn',
        'deliveries.work_id as workId',
        'deliveries.message_id as messageId',
      ])
      .where('client_reports.work_id', '=', workId)
      // What is true of it now: it may have gone on meanwhile.
      .where('deliveries.state', 'in', ['failed', 'blocked', 'delivered', 'deferred'])
      .orderBy('deliveries.id')
      .execute()
    const hosts = await hostsOf(rows)
    return rows.flatMap((row) => {
      const notice = noticeOf(row)
      return notice === undefined ? [] : [{ ...row, notice, host: hosts.get(row.workId) ?? '' }]
    })
  }

  async function hostsOf(rows: readonly { workId: WorkId; messageId: MessageId }[]) {
    const [first] = rows
    if (first === undefined) return new Map<WorkId, string>()
    const attempts = await db
      .selectFrom('attempts')
      .select(['work_id', 'host'])
      .where('message_id', '=', first.messageId)
      .where('work_id', 'in', [...new Set(rows.map(({ workId }) => workId))])
      .orderBy('at')
      .execute()
    return new Map(attempts.map(({ work_id, host: tried }) => [work_id, tried]))
  }

  /** Whatever is in the way, such as a full disk: it is owed, and tried again. */
  async function tellOrGiveUp(work: Work): Promise<void> {
    try {
      await tell(work)
    } catch (error) {
      if (work.attempts < maxTries) throw error
      log.error({ err: error, messageId: work.ref }, 'a client was not told of a failure: given up')
      await storage.commit({
        guards: [guardLease({ id: work.id, owner: storage.nodeId })],
        writes: [deleteClientReports({ work_id: work.id })],
      })
    }
  }

  return createLaneWorker({
    storage,
    queue,
    clock,
    log,
    lane: clientReportLane,
    atOnce,
    handle: tellOrGiveUp,
  })
}
