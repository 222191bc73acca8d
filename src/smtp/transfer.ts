/** DATA and BDAT: how a message comes in, and what is said at its end. */
import { endCounted, isFatal, release, takeMessage } from './data-reader.ts'
import {
  ask,
  closeAfter,
  type Dialogue,
  endTransaction,
  isPositive,
  mistake,
  type Reply,
  readerOf,
  type Transaction,
  toReply,
} from './dialogue.ts'
import { replies, replyToProblem } from './replies.ts'

export function startData(dialogue: Dialogue): Reply {
  const { transaction, common } = dialogue
  if (transaction === undefined) return mistake(dialogue, replies.mailFirst)
  if (transaction.reader !== undefined) return mistake(dialogue, replies.afterBdat)
  const refusal = refusalWithoutRecipients(transaction)
  if (refusal !== undefined) return mistake(dialogue, refusal)
  if (common.held.bytes >= common.held.maxBytes) return replyToProblem['no-memory']
  readerOf(dialogue, transaction)
  dialogue.expects = 'message'
  return replies.sendData
}

/** BDAT (RFC 3030). A refused chunk is read to its end too: its octets must never be taken for commands. */
export function startChunk(dialogue: Dialogue, argument: string, isUnauthenticated: boolean): Reply {
  const match = /^(\d{1,20})(?: +(LAST))?$/i.exec(argument)
  // Without a size nobody knows where the commands go on.
  if (match === null) return closeAfter(dialogue, mistake(dialogue, replies.badBdatSyntax))
  const sizeBytes = Number(match[1])
  const { transaction } = dialogue
  const refusal = isUnauthenticated
    ? replies.authRequired
    : transaction === undefined
      ? replies.mailFirst
      : refusalWithoutRecipients(transaction)
  if (refusal === undefined && transaction !== undefined) readerOf(dialogue, transaction)
  dialogue.chunk = { sizeBytes, remainingBytes: sizeBytes, isLast: match[2] !== undefined, refusal }
  dialogue.expects = 'chunk'
  return sizeBytes === 0 ? endChunk(dialogue) : ''
}

function refusalWithoutRecipients(transaction: Transaction): string | undefined {
  if (transaction.recipients.length > 0) return undefined
  return transaction.recipientRefused ? replies.noValidRecipients : replies.rcptFirst
}

export function endChunk(dialogue: Dialogue): Reply {
  const { transaction, chunk } = dialogue
  dialogue.expects = 'command'
  if (chunk.refusal !== undefined) return chunk.refusal
  const reader = transaction?.reader
  if (reader === undefined) return mistake(dialogue, replies.mailFirst)
  if (chunk.isLast) endCounted(reader)
  if (reader.problem === undefined) {
    return chunk.isLast ? handOver(dialogue) : `250 2.0.0 ${chunk.sizeBytes} octets received\r\n`
  }
  dialogue.common.counts.messagesRefused++
  endTransaction(dialogue)
  return replyToProblem[reader.problem]
}

/** After CRLF.CRLF, or as soon as the message has become one whose end cannot be trusted. */
export function endData(dialogue: Dialogue): Reply {
  const problem = dialogue.transaction?.reader?.problem
  dialogue.expects = 'command'
  if (problem === undefined) return handOver(dialogue)
  dialogue.common.counts.messagesRefused++
  endTransaction(dialogue)
  return isFatal(problem) ? closeAfter(dialogue, replyToProblem[problem]) : replyToProblem[problem]
}

function handOver(dialogue: Dialogue): Reply {
  const { common, session, transaction } = dialogue
  const reader = transaction?.reader
  if (transaction === undefined || reader === undefined) return mistake(dialogue, replies.mailFirst)
  dialogue.transaction = undefined
  dialogue.messages++
  const message = {
    sender: transaction.sender,
    recipients: transaction.recipients,
    raw: takeMessage(reader),
  }
  const reply = ask(
    dialogue,
    'data',
    () => common.handlers.data(session, message),
    (answer) => {
      if (isPositive(answer)) common.counts.messagesAccepted++
      else common.counts.messagesRefused++
      return toReply(dialogue, answer, replies.ok)
    },
  )
  if (typeof reply !== 'string') {
    return reply.then((text) => {
      release(reader)
      return text
    })
  }
  release(reader)
  return reply
}
