/** May a key send as an address: asked at the door for each message, and explained to people. */
import { describeSenderCover } from '../domains/sender-cover.ts'
import type { SenderCheck } from '../domains/senders.ts'
import type { Address } from '../mail/address.ts'
import { formatAddress, parseAddress } from '../mail/address.ts'
import type { KeyId } from '../mail/ids.ts'
import { parseMailboxList } from '../mail/mailbox.ts'
import type { Router } from '../routing/router.ts'
import type { Storage } from '../storage/storage.ts'

export function createDoorCheck({
  storage,
  senders,
  router,
}: {
  storage: Storage
  senders: Pick<SenderCheck, 'maySendAs'>
  router: Pick<Router, 'mayCarry'>
}) {
  async function maySendAs(keyId: KeyId, from: Address): Promise<boolean> {
    if (await senders.maySendAs(keyId, from)) return true
    return router.mayCarry(keyId, from, (address) => senders.maySendAs(keyId, address))
  }

  return {
    maySendAs,
    /** The first step of an explanation; undefined when there is no author to check. */
    async explain(keyId: KeyId, from: string | null): Promise<string | undefined> {
      const [mailbox] = (from === null ? undefined : parseMailboxList(from)) ?? []
      const address = mailbox?.address ?? parseAddress(from?.trim() ?? '')
      if (address === undefined) return undefined
      const text = formatAddress(address)
      const cover = await describeSenderCover(storage.db, { keyId, from: address })
      if (cover !== undefined) return `the API key may send as ${text}: ${cover}`
      if (await maySendAs(keyId, address)) {
        return `the API key may send as ${text}: a rule of the outgoing servers covers it`
      }
      return `the API key may not send as ${text}: neither the address nor its domain is an active sender, so its mail is refused or blocked at the door (paravion domain add ${address.domain})`
    },
  }
}
