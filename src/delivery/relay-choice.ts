/** The outgoing server of a route, or its fallback while it lets nobody in. */
import type { RelayServer, Route } from '../routing/route.ts'
import { type Plan, planRelay } from './plan.ts'

export type RelayRoute = Extract<Route, { kind: 'relay' }>

/** What the choice needs to know of a site. */
export type SiteState = {
  suspendedUntil(): { until: number; reason: string }
  isProbing(): boolean
  hasRoom(): boolean
}

export type RelayChoice =
  | { plan: Plan; remarks: readonly string[] }
  /** Nothing can be sent before then. */
  | { plan: Plan; suspended: { until: number; reason: string } }

export function chooseRelay(
  { server, fallback }: Pick<RelayRoute, 'server' | 'fallback'>,
  siteFor: (plan: Plan) => SiteState,
): RelayChoice {
  const plan = planRelay(server)
  const site = siteFor(plan)
  const { until, reason } = site.suspendedUntil()
  if (until === 0 && !(site.isProbing() && fallback !== undefined)) return { plan, remarks: [] }
  const instead = fallback === undefined ? undefined : usableFallback(fallback, siteFor)
  if (instead !== undefined) return { plan: instead, remarks: [takesOver(server, instead, reason)] }
  // Its own try is under way: whoever comes now waits for what becomes of it.
  return until === 0 ? { plan, remarks: [] } : { plan, suspended: { until, reason } }
}

/** A plan for the fallback, where that one can be used. */
export function usableFallback(fallback: RelayServer, siteFor: (plan: Plan) => SiteState): Plan | undefined {
  const plan = planRelay(fallback)
  const site = siteFor(plan)
  return site.suspendedUntil().until === 0 && !site.isProbing() && site.hasRoom() ? plan : undefined
}

export function takesOver(server: RelayServer, { server: instead }: Plan, reason: string): string {
  const words = reason === '' ? '' : ` (${reason})`
  return `"${server.name}" cannot be used at present${words}; its fallback "${instead?.name ?? ''}" takes over`
}

export function describeOutage({ name }: RelayServer, reason: string): string {
  return `the outgoing server "${name}" cannot be used at present: ${reason}`
}
