/** A set of rules and one message, to try before the rules are put in place: the shape of the case file. */
import { z } from 'zod'
import type { Candidate } from './choose-server.ts'
import { type Decision, decideRoute, type RouteQuestion } from './decide-route.ts'
import type { RouteError } from './route.ts'

/** reference/outgoing-mail-servers.md §10; notes and expectations beside these are not read. */
export const whatIf = z.object({
  servers: z
    .array(
      z.object({
        id: z.int(),
        name: z.string(),
        priority: z.int().default(10).describe('The smallest number is used first'),
        from_filter: z.string().nullish().describe('Addresses and domains with commas between them'),
        active: z.boolean().default(true),
      }),
    )
    .default([]),
  params: z
    .record(z.string(), z.union([z.string(), z.null()]))
    .default({})
    .describe('System parameters; cli.email_from and cli.from_filter stand for those of the settings'),
  email_from: z.string().nullish().describe('From of the message; null when it has none'),
  return_path: z.string().nullish(),
  forced_server: z.int().nullish().describe('The id of a server that the message demands'),
})

export function readWhatIf(value: unknown): RouteQuestion<Candidate> {
  const { servers, params, email_from, return_path, forced_server } = whatIf.parse(value)
  return {
    servers: servers.map(({ id, name, priority, from_filter, active }) => ({
      id,
      name,
      priority,
      fromFilter: from_filter ?? null,
      isActive: active,
    })),
    parameters: Object.fromEntries(
      Object.entries(params).flatMap(([name, text]) => (text === null ? [] : [[name, text]])),
    ),
    from: email_from ?? null,
    ...(typeof return_path === 'string' && { returnPath: return_path }),
    ...(typeof forced_server === 'number' && { forcedServerId: forced_server }),
  }
}

export type ShownDecision =
  | { server: number | null; smtp_from: string; from_header: string; because: string[] }
  | { error: RouteError; because: string[] }

export function showDecision(decision: Decision<Candidate>): ShownDecision {
  const { because } = decision
  if ('error' in decision) return { error: decision.error, because }
  const { server, envelopeFrom, fromHeader } = decision
  return { server: server?.id ?? null, smtp_from: envelopeFrom, from_header: fromHeader, because }
}

export function decideWhatIf(value: unknown): ShownDecision {
  return showDecision(decideRoute(readWhatIf(value)))
}
