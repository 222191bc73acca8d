/**
 * What is decided of work before it waits for a connection: whether it goes at all, and by which way. What is the same for
 * all its recipients is signed, too.
 */
import type { Clock } from '../runtime/clock.ts'
import type { Endings } from './endings.ts'
import { createJob, type Job, type SendableRoute, tooLargeFor, withSignature } from './job.ts'
import type { DispatcherOptions, OutboundWork } from './outbound.ts'
import type { Plan, Planned } from './plan.ts'
import { chooseRelay, type RelayRoute, type SiteState } from './relay-choice.ts'
import { asRemarks } from './remarks.ts'
import type { Settler } from './settler.ts'
import type { Signed, Signer } from './signer.ts'

/** Claims without any result after which work is suspected of stopping the program, and after which it is given up. */
const suspectAfter = 10
const brokenAfter = 30

/** True: it was settled, there is nothing more to do. */
export type Prepare = (work: OutboundWork) => Promise<Job | true>

export function createPrepare({
  clock,
  routeOf,
  plan,
  siteFor,
  signer,
  settler,
  endings,
}: {
  clock: Clock
  routeOf: DispatcherOptions['route']
  plan(domain: string): Planned | Promise<Planned>
  siteFor(plan: Plan): SiteState
  signer: Signer
  settler: Settler
  endings: Endings
}): Prepare {
  async function forHosts(work: OutboundWork, route: SendableRoute): Promise<Job | true> {
    const [planned, signed] = await Promise.all([plan(domainOf(work)), signEarly(work, route)])
    return settleOrJob(work, route, { planned, signed, remarks: route.because })
  }

  /** What cannot go now is not signed: a server that is down must not cost the others anything. */
  async function forRelay(work: OutboundWork, route: RelayRoute): Promise<Job | true> {
    const chosen = chooseRelay(route, siteFor)
    if ('suspended' in chosen) return endings.suspended(work, chosen.plan, chosen.suspended)
    const { plan: planned, remarks } = chosen
    const text = tooLargeFor(planned, work.content.length)
    if (text !== undefined) return endings.tooLarge(work, { text, plan: planned, remarks: route.because })
    const signed = await signEarly(work, route)
    return settleOrJob(work, route, { planned, signed, remarks: [...route.because, ...remarks] })
  }

  /** Undefined where it waits for its turn: what is made for one recipient would only fill the memory until then. */
  async function signEarly(work: OutboundWork, route: SendableRoute): Promise<Signed | undefined> {
    return work.message.options.individual ? undefined : signer.sign(work, route.fromHeader)
  }

  async function settleOrJob(
    work: OutboundWork,
    route: SendableRoute,
    facts: { planned: Planned; signed: Signed | undefined; remarks: readonly string[] },
  ): Promise<Job | true> {
    const { planned, signed, remarks } = facts
    if (signed !== undefined && !('body' in signed)) {
      signer.release(work, route.fromHeader)
      return endings.unsigned(work, signed, remarks)
    }
    if (!('site' in planned)) {
      signer.release(work, route.fromHeader)
      return settler.untried(work, { ...planned, transcript: asRemarks([...remarks, planned.text]) })
    }
    const job = createJob({ work, route, plan: planned, remarks })
    return signed === undefined ? job : withSignature(job, signed)
  }

  return async (work) => {
    const { message } = work
    if (clock.now() >= message.expiresAt) return settler.expired(work)
    const fruitless = work.attempts - 1 - Math.max(...work.recipients.map(({ attempts }) => attempts))
    if (fruitless >= brokenAfter) {
      return settler.broken(work, `given up: ${fruitless} tries ended without a result`)
    }
    if (fruitless >= suspectAfter) return settler.suspect(work, fruitless - suspectAfter + 1)

    const route = await routeOf(message, work.content)
    if (route.kind === 'refused') {
      const text = route.because.at(-1) ?? 'the rules for outgoing mail refuse it'
      return settler.untried(work, {
        ...{ kind: 'deferred', class: 'routing', text },
        transcript: asRemarks(route.because),
      })
    }
    return route.kind === 'relay' ? forRelay(work, route) : forHosts(work, route)
  }
}

function domainOf({ recipients }: OutboundWork): string {
  const address = recipients[0]?.address ?? ''
  return address.slice(address.lastIndexOf('@') + 1)
}
