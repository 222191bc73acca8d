/**
 * What a rule is by which replies are read. They are tried in this order: what a provider means by its words
 * (reply-rules-provider.ts), then what anybody does (reply-rules-generic.ts). Every rule carries samples that must hit
 * it. Patterns are linear: no nested or adjacent repetition. Source of the cues: reference/deliverability.md §8.
 */
import type { ReplyAction, ReplyClass, SmtpStage } from './reply-classes.ts'

export type Provider =
  | 'google'
  | 'yahoo'
  | 'microsoft-consumer'
  | 'microsoft-365'
  | 'apple'
  | 'orange'
  | 'gmx'
  | 't-online'
  | 'comcast'
  | 'mimecast'
  | 'proofpoint'
  | 'barracuda'
  | 'qq'

/** By a piece of the MX host name, as `site` of a reply gives it. */
export const providerHosts: readonly (readonly [RegExp, Provider])[] = [
  [/google(?:mail)?\.com/, 'google'],
  [/yahoodns\.net/, 'yahoo'],
  [/olc\.protection\.outlook\.com/, 'microsoft-consumer'],
  [/mail\.protection\.outlook\.com|mx\.microsoft/, 'microsoft-365'],
  [/icloud\.com/, 'apple'],
  [/orange\.fr|wanadoo\.fr/, 'orange'],
  [/gmx\.net|web\.de|mail\.com/, 'gmx'],
  [/t-online\.de/, 't-online'],
  [/comcast\.net/, 'comcast'],
  [/mimecast\.com|mimecast\.co\.za/, 'mimecast'],
  [/pphosted\.com|ppe-hosted\.com/, 'proofpoint'],
  [/barracudanetworks\.com/, 'barracuda'],
  [/qq\.com|netease\.com/, 'qq'],
]

export type ReplyRule = {
  class: ReplyClass
  /** On the text without codes, blanks collapsed. */
  text?: RegExp
  enhanced?: RegExp
  code?: RegExp
  /** Only where the words alone could be anybody's. */
  providers?: readonly Provider[]
  stages?: readonly SmtpStage[]
  action?: ReplyAction
  retryAfterMs?: number
  samples: readonly string[]
}
