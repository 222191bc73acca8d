/** Bytes in: lines to the commands, the octets of messages to their reader. */
import { answerLine, hasToBeLast } from './commands.ts'
import { isFatal, readCounted, readDotted } from './data-reader.ts'
import type { Deadline } from './deadline.ts'
import { type Dialogue, mistake, type Reply } from './dialogue.ts'
import { readLine } from './lines.ts'
import { replies } from './replies.ts'
import { endChunk, endData } from './transfer.ts'

export type InputOptions = {
  dialogue: Dialogue
  deadline: Deadline
  answer: (reply: Reply) => void
  /** More has come than what is being worked on. */
  hasBacklog: () => boolean
}

const lf = 10
const cr = 13

export function createInput({ dialogue, deadline, answer, hasBacklog }: InputOptions) {
  /** The start of a line whose end has not come. */
  let carry: Buffer | undefined
  /** The rest of a line that is too long is skipped. */
  let skipsLine = false
  let skippedCr = false

  /** What was left of the last chunk and this one. */
  function join(chunk: Buffer): Buffer {
    if (carry === undefined) return chunk
    const joined = Buffer.concat([carry, chunk])
    carry = undefined
    return joined
  }

  function forget() {
    carry = undefined
  }

  /** Takes one command, or what there is of a message; returns where the next begins. */
  function step(chunk: Buffer, position: number): number {
    if (dialogue.expects === 'message') return readMessage(chunk, position)
    if (dialogue.expects === 'chunk') return readChunk(chunk, position)
    return skipsLine ? skipLine(chunk, position) : readCommand(chunk, position)
  }

  function readMessage(chunk: Buffer, position: number): number {
    const reader = dialogue.transaction?.reader
    if (reader === undefined) throw new Error('a message is read without a reader')
    const end = readDotted(reader, chunk, position)
    if (end !== -1 || isFatal(reader.problem)) {
      deadline.expectCommand()
      answer(endData(dialogue))
      return end === -1 ? chunk.length : end
    }
    deadline.expectMessage()
    return chunk.length
  }

  function readChunk(chunk: Buffer, position: number): number {
    const { chunk: part, transaction } = dialogue
    const end = Math.min(chunk.length, position + part.remainingBytes)
    part.remainingBytes -= end - position
    const reader = transaction?.reader
    if (part.refusal === undefined && reader !== undefined && !isFatal(reader.problem)) {
      readCounted(reader, chunk, position, end)
    }
    if (part.remainingBytes === 0) {
      deadline.expectCommand()
      answer(endChunk(dialogue))
    } else deadline.expectMessage()
    return end
  }

  function skipLine(chunk: Buffer, position: number): number {
    const feed = chunk.indexOf(lf, position)
    const isCrlf = feed > position ? chunk[feed - 1] === cr : skippedCr
    skippedCr = chunk[chunk.length - 1] === cr
    if (feed === -1) return chunk.length
    skipsLine = false
    return isCrlf ? feed + 1 : refuseLineEnding(chunk)
  }

  function readCommand(chunk: Buffer, position: number): number {
    const result = readLine(chunk, position, dialogue.expects === 'auth-response')
    switch (result.kind) {
      case 'line':
        answerCommand(result.text, result.next < chunk.length)
        return result.next
      case 'partial':
        // A copy, because a view would keep the whole chunk in memory.
        carry = Buffer.from(chunk.subarray(position))
        return chunk.length
      case 'too-long':
        skipsLine = result.next === undefined
        skippedCr = chunk[chunk.length - 1] === cr
        refuseLine(result.isAuth ? replies.authLineTooLong : replies.lineTooLong)
        return result.next ?? chunk.length
      case 'not-utf8':
        refuseLine(replies.notUtf8)
        return result.next
      case 'bad-ending':
        return refuseLineEnding(chunk)
    }
  }

  function refuseLineEnding(chunk: Buffer): number {
    dialogue.expects = 'nothing'
    answer(mistake(dialogue, replies.badLineEnding))
    return chunk.length
  }

  function refuseLine(reply: string) {
    dialogue.expects = 'command'
    answer(mistake(dialogue, reply))
  }

  function answerCommand(line: string, moreFollows: boolean) {
    deadline.expectCommand()
    const inCommand = dialogue.expects === 'command'
    if ((moreFollows || hasBacklog()) && inCommand && hasToBeLast(line)) {
      // The client has to wait for 354 and for the handshake (RFC 2920 §3.1, RFC 3207 §4.2). What came before is
      // neither message nor TLS nor, after a refusal, commands: somebody else may have put it there.
      dialogue.expects = 'nothing'
      return answer(mistake(dialogue, replies.notSynchronised))
    }
    answer(answerLine(dialogue, line))
    if (dialogue.expects === 'message' || dialogue.expects === 'chunk') {
      deadline.startMessage()
    }
  }

  return { join, step, forget }
}
