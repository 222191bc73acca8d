/** One setting of the table. */
import type { Kind } from './kinds.ts'

export type Mode = 'lab' | 'live'

/** Stands where a mode has no default: somebody has to decide. */
export const required = Symbol('required')

export type Setting<T> = {
  kind: Kind<T>
  fallback: { lab: T | typeof required; live: T | typeof required }
  /** One sentence for the reference page. */
  about: string
  /** Never shown: neither in `config print` nor in a message about it. */
  secret: boolean
}

type Fallback<T> = { always: T } | { lab: T; live: T | typeof required }

export function setting<T>(
  kind: Kind<T>,
  fallback: Fallback<NoInfer<T>>,
  about: string,
  { secret = false }: { secret?: boolean } = {},
): Setting<T> {
  const both = 'always' in fallback ? { lab: fallback.always, live: fallback.always } : fallback
  return { kind, fallback: both, about, secret }
}
