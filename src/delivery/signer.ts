/**
 * Signs messages: a few at a time, transactional first. One whose content is the same for all is signed once, however many
 * recipients it has; one that is made for each (a campaign's) is made here, and signed for each. A message that cannot be
 * signed waits; it never goes out unsigned.
 */
import { availableParallelism } from 'node:os'
import { ownSignatureRemark } from '../events/own-signature.ts'
import type { Address } from '../mail/address.ts'
import type { KeyId } from '../mail/ids.ts'
import type { Clock } from '../runtime/clock.ts'
import { signMessage } from '../signing/dkim.ts'
import type { SigningKey } from '../signing/signing-key.ts'
import { createLaneQueue, type Ranked } from './lane-queue.ts'
import type { Block, OutboundWork } from './outbound.ts'
import { type PreparedBody, prepareBody } from './prepare-body.ts'
import { rewriteHeaders } from './rewrite-headers.ts'

export type SignedMail = {
  body: PreparedBody
  /** The author that goes out, where it is not the message's own. */
  from?: Address
  /** What whoever reads the story of the message should know about the signature. */
  remark?: string
}

export type Signed =
  | SignedMail
  /** It cannot be signed now, and waits. */
  | { problem: string }
  /** It must not go out at all. */
  | { block: Block }

export type Signer = {
  /** Rewrites the header before. `fromHeader`: the From that goes out, where it is not the message's own. */
  sign(work: OutboundWork, fromHeader?: string): Promise<Signed>
  /** The work of a call to `sign` is done with the body. */
  release(work: OutboundWork, fromHeader?: string): void
  waiting(): number
}

/** Longer than bulk mail is tried for. */
const bulkSignatureValidMs = 7 * 24 * 60 * 60_000

/**
 * Handed to the thread pool at one time: so many that its threads find the next one when they have done one, instead of
 * waiting until the engine comes round to it; so few (milliseconds of work) that urgent mail overtakes the rest.
 */
const most = availableParallelism() * 16
/** Making a content for one recipient is the engine's own work, and longer than all the rest of signing is for it. */
const individualCountsAs = 4

type Waiting = Ranked & { work: OutboundWork; fromHeader: string | undefined; done(signed: Signed): void }

export function createSigner({
  signingKeys,
  makeOwnContent,
  clock,
}: {
  signingKeys(keyId: KeyId, domain: string): Promise<readonly SigningKey[]>
  /** The content of one recipient, where each has their own. */
  makeOwnContent?(work: OutboundWork): Buffer | Block
  clock: Clock
}): Signer {
  const queue = createLaneQueue<Waiting>()
  const shared = new Map<string, { signed: Promise<Signed>; users: number }>()
  let running = 0
  let load = 0

  function pump(): void {
    while (load < most) {
      const next = queue.shift()
      if (next === undefined) return
      const weight = next.work.message.options.individual ? individualCountsAs : 1
      running += 1
      load += weight
      void signOne(next)
        .then(next.done)
        .finally(() => {
          running -= 1
          load -= weight
          pump()
        })
    }
  }

  async function signOne({ work, fromHeader }: Waiting): Promise<Signed> {
    const { message } = work
    let domain = message.fromAddress.slice(message.fromAddress.lastIndexOf('@') + 1)
    try {
      const stored = message.options.individual && makeOwnContent ? makeOwnContent(work) : work.content
      if (!Buffer.isBuffer(stored)) return { block: stored }
      const rewrite = fromHeader === undefined ? {} : { fromHeader }
      const { content, header, from } = rewriteHeaders(stored, rewrite)
      if (from !== undefined) domain = from.domain
      const keys = await signingKeys(message.keyId, domain)
      if (keys.length === 0) return { problem: `there is no active DKIM key for ${domain}` }
      const now = clock.now()
      const options = message.lane === 'bulk' ? { now, validForMs: bulkSignatureValidMs } : { now }
      const body = prepareBody(await signMessage(content, keys, { ...options, header }), content)
      const remark = remarkOn(keys, domain)
      return { body, ...(from !== undefined && { from }), ...(remark !== undefined && { remark }) }
    } catch (error) {
      // Whatever it was, the message must wait for it; the dispatcher logs the words.
      return {
        problem: `signing for ${domain} failed: ${error instanceof Error ? error.message : String(error)}`,
      }
    }
  }

  return {
    sign(work, fromHeader) {
      const { lane, priority } = work.message
      const key = keyOf(work, fromHeader)
      const known = shared.get(key)
      if (known !== undefined) {
        known.users += 1
        return known.signed
      }
      const signed = new Promise<Signed>((done) => {
        queue.push({ work, fromHeader, done, lane, isUrgent: isUrgent(priority) })
      })
      shared.set(key, { signed, users: 1 })
      pump()
      return signed
    },
    release(work, fromHeader) {
      const key = keyOf(work, fromHeader)
      const known = shared.get(key)
      if (known !== undefined && --known.users === 0) shared.delete(key)
    },
    waiting: () => queue.length() + running,
  }
}

/** The rules may change between two parts of a message, and a recipient may have a content of their own. */
function keyOf({ id, message }: OutboundWork, fromHeader: string | undefined): string {
  return message.options.individual
    ? `${message.id} ${fromHeader ?? ''} ${id}`
    : `${message.id} ${fromHeader ?? ''}`
}

function remarkOn(keys: readonly SigningKey[], domain: string): string | undefined {
  const [first] = keys
  if (first === undefined || keys.some((key) => key.domain === domain)) return undefined
  return ownSignatureRemark({ instance: first.domain, domain })
}

/** reference/send-api.md: 1 and 3 go before the others. */
export function isUrgent(priority: number): boolean {
  return priority === 1 || priority === 3
}
