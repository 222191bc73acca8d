/**
 * What one call may take in memory: the contents of all its messages are composed before any of them is stored, and a
 * stored template makes megabytes of a call of a few bytes.
 */
import { Refused } from '../runtime/refused.ts'
import type { Draft } from './draft.ts'
import { isPersonalised, personalise } from './personalise.ts'
import { textsOf } from './variants.ts'

const megabyte = 1024 * 1024

/** Texts and attachments of a call as they were given, once for each content that is made of them. */
export const maxCallMegabytes = 64

/** The finished contents of a call: rendering makes texts longer, and encoding makes up to half as much again. */
export const maxComposedBytes = 2 * maxCallMegabytes * megabyte

/** A draft, and how often it is composed at least: once for each entry of `Recipients`. */
export type Copies = { draft: Draft; copies?: number }

/** Whether the call takes more than `maxCallMegabytes`. Texts are parsed only where that decides it. */
export function isHugeCall(call: readonly Copies[]): boolean {
  const isHuge = (contentsOf: (draft: Draft) => number) =>
    call.reduce((sum, { draft, copies = 1 }) => sum + sizeOf(draft) * copies * contentsOf(draft), 0) >
    maxCallMegabytes * megabyte
  return isHuge(mostContents) && isHuge(contents)
}

function sizeOf({ text = '', html = '', attachments, inlineAttachments }: Draft): number {
  const files = [...attachments, ...inlineAttachments]
  return files.reduce(
    (sum, { content }) => sum + content.length,
    Buffer.byteLength(text) + Buffer.byteLength(html),
  )
}

/** How many contents may become of it. */
function mostContents(draft: Draft): number {
  const recipients = draft.to.length + draft.cc.length + draft.bcc.length
  return recipients > 1 && isPersonalised(textsOf(draft), draft.template.language) ? recipients : 1
}

/** How many contents become of it. */
function contents(draft: Draft): number {
  const most = mostContents(draft)
  if (most === 1) return 1
  const { language, variables, stored } = draft.template
  // Nothing is rendered here: it could be any time.
  const texts = personalise(textsOf(draft), { language, variables, from: draft.from, stored, now: 0 })
  return texts.differsByRecipient ? most : 1
}

export type ContentCount = {
  /** Throws Refused where the contents are more than the call may take. */
  add(content: Buffer): void
  readonly bytes: number
}

/** Counts finished contents. */
export function countContents(maxBytes: number): ContentCount {
  let bytes = 0
  return {
    add(content) {
      bytes += content.length
      if (bytes > maxBytes) {
        throw new Refused(
          'too-large',
          `the contents that are made for the recipients are larger than ${maxComposedBytes / megabyte} MB together; send to fewer at once`,
        )
      }
    },
    get bytes() {
      return bytes
    },
  }
}
