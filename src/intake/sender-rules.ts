/** Who may be the author of mail, and what its texts ask to know of them. */
import { type Address, formatAddress } from '../mail/address.ts'
import type { KeyId } from '../mail/ids.ts'
import type { Mailbox } from '../mail/mailbox.ts'
import type { Storage } from '../storage/storage.ts'
import type { Texts } from './personalise.ts'
import { askedSenderId } from './sender-id.ts'
import type { Submission } from './submission.ts'

export type SenderRules = {
  /** Why these may not be used, in words for the person who has to mend it; undefined when they may. */
  problem(keyId: KeyId, mailboxes: readonly Mailbox[]): Promise<string | undefined>
  /** The number of the sender, where the texts ask for it. */
  askedId(keyId: KeyId, asked: { from: Mailbox; texts: readonly Texts[] }): Promise<number | undefined>
}

export function createSenderRules({
  db,
  maySendAs,
}: {
  db: Storage['db']
  maySendAs: (keyId: KeyId, address: Address) => Promise<boolean>
}): SenderRules {
  return {
    async problem(keyId, mailboxes) {
      for (const { address } of mailboxes) {
        if (await maySendAs(keyId, address)) continue
        return `${formatAddress(address)} is not a validated sender of this API key; add and validate the address or its domain (paravion domain add ${address.domain}) and send again`
      }
      return undefined
    },
    askedId(keyId, { from, texts }) {
      const sources = texts.flatMap(({ subject, text, html }) => [subject, text, html])
      return askedSenderId(db, { keyId, from: from.address, texts: sources })
    },
  }
}

/** Mail of a sender that may not be used is taken, and goes nowhere. */
export function blockedFor(problem: string | undefined, submissions: readonly Submission[]): Submission[] {
  const blocked = problem === undefined ? undefined : { class: 'sender-not-allowed', detail: problem }
  return submissions.map((one) => (blocked === undefined ? one : { ...one, blocked }))
}
