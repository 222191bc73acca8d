/**
 * The answer to a request to a place that somebody else named. Node reports no error where a server switches protocols
 * (101) or its socket closes first: without a listener for each, whoever waits would wait for ever.
 */
import type { ClientRequest, IncomingMessage } from 'node:http'
import { expiry, Unreachable } from './safe-address.ts'

/** Rejects with Unreachable, or with what the network said; at the latest when `signal` aborts. */
export async function answerTo(request: ClientRequest, signal: AbortSignal): Promise<IncomingMessage> {
  // Once there is an answer, its reader meets what goes wrong; the request must not throw it a second time.
  request.on('error', () => undefined)
  const answer = new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve)
    request.once('error', reject)
    request.once('upgrade', (_answer, socket) => {
      socket.destroy()
      reject(new Unreachable('it answered 101, and no other protocol is spoken'))
    })
    request.once('close', () => reject(new Unreachable('it closed the connection without an answer')))
  })
  return await Promise.race([answer, expiry(signal)])
}
