/** What is asked of the process that works on contents, and what it answers. */

export type ContentTask =
  | { kind: 'mjml'; source: string }
  | { kind: 'text'; html: string }
  /** To be looked at. */
  | { kind: 'page'; html: string }

export type ContentReply =
  | { kind: 'mjml'; html: string; problems: string[] }
  | { kind: 'text'; text: string }
  | { kind: 'page'; html: string }
  | { kind: 'failed'; reason: string }

/** Each task is answered twice: when what it needs is loaded, and when it is done. */
export type ProcessMessage = 'begun' | ContentReply

export const maxHtmlCharacters = 5_000_000
