/** The parts that tracking and unsubscribing are made of, as the doors see them. */
import type { TrackingDefaults } from './defaults.ts'
import type { Personal } from './personal.ts'
import type { Recorder } from './recorder.ts'
import type { LinkTokens } from './tokens.ts'
import type { Unsubscribing } from './unsubscribe.ts'

export type Tracking = {
  tokens: LinkTokens
  /** What a mail has for one recipient alone. */
  personal: Personal
  defaults: TrackingDefaults
  recorder: Recorder
  unsubscribing: Unsubscribing
}
