/** The addresses of an account that mean something of their own cannot be read by a program, too: it would take all of it. */
import { specialAddresses } from '../inbound/addresses.ts'
import { formatAddress, parseAddress } from '../mail/address.ts'
import type { AccountId } from '../mail/ids.ts'
import { readParameters } from '../routing/parameters.ts'
import { Refused } from '../runtime/refused.ts'
import type { WebhooksContext } from './context.ts'
import { findMailRoute } from './parse-routes.ts'

/** Before a system parameter is set. Throws Refused where a program reads the address that it would make special. */
export async function checkParameter(
  { storage, mailDomain }: Pick<WebhooksContext, 'storage' | 'mailDomain'>,
  { accountId, name, value }: { accountId: AccountId; name: string; value: string },
): Promise<void> {
  const now = await readParameters(storage, accountId)
  const known = allSpecial(now)
  for (const text of allSpecial({ ...now, [name]: value })) {
    const address = parseAddress(text)
    if (address === undefined || known.includes(text)) continue
    if ((await findMailRoute(storage, { address, mailDomain })) === undefined) continue
    throw new Refused(
      'conflict',
      `${formatAddress(address)} is read by a program; remove its parse route first (paravion webhook list)`,
    )
  }
}

function allSpecial(parameters: Parameters<typeof specialAddresses>[0]): string[] {
  const { bounce, catchall } = specialAddresses(parameters)
  return [...bounce, ...catchall]
}
