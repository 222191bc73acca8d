/** Tries to prove a sender, by whatever way its kind has. Cheap to repeat: clients ask each second. */
import type { KeyId, SenderId } from '../mail/ids.ts'
import { Refused } from '../runtime/refused.ts'
import { type ActivationMailing, sendActivation } from './activation.ts'
import type { DomainsContext } from './context.ts'
import { getSender, readEmail } from './create-sender.ts'
import { getDomain } from './domains.ts'
import { proveDomain } from './prove-domain.ts'
import { isDomainActive, type Sender } from './senders.ts'

export type Validation = {
  /** '' when nothing was proved. With `ActivationEmail` the sender stays inactive until its link is used. */
  method: 'File' | 'DNS' | 'Domain' | 'ActivationEmail' | ''
  errors: { dns: string; file: string }
  globalError: string
}

const noErrors = { dns: '', file: '' }

export async function validateSender(
  ctx: DomainsContext,
  { keyId, senderId }: { keyId: KeyId; senderId: SenderId },
): Promise<Validation> {
  const sender = await getSender(ctx, { keyId, id: senderId })
  if (sender.status === 'deleted') throw new Refused('not-found', `${sender.email} was deleted`)
  if (sender.status === 'active') throw new Refused('conflict', `${sender.email} is active already`)
  const { domain, isWholeDomain } = readEmail(sender.email)
  if (isWholeDomain) return validateDomain(ctx, { sender, domain })
  if (await isDomainActive(ctx.storage.db, { keyId, name: domain })) {
    await activateNow(ctx, sender)
    return { method: 'Domain', errors: noErrors, globalError: '' }
  }
  return afterMailing(await sendActivation(ctx, sender))
}

function afterMailing(mailing: ActivationMailing): Validation {
  if (mailing !== 'too-many') return { method: 'ActivationEmail', errors: noErrors, globalError: '' }
  return {
    method: '',
    errors: noErrors,
    globalError: 'too many activation mails were asked for by this API key; try again in an hour',
  }
}

async function validateDomain(
  ctx: DomainsContext,
  { sender, domain }: { sender: Sender; domain: string },
): Promise<Validation> {
  const { ownershipToken } = await getDomain(ctx.storage, { keyId: sender.keyId, name: domain })
  const proof = await proveDomain(ctx, { domainName: domain, token: ownershipToken })
  if (proof.kind === 'proved') {
    await activateNow(ctx, sender)
    ctx.log.info({ keyId: sender.keyId, domain, by: proof.by }, 'domain proved')
    return { method: proof.by, errors: noErrors, globalError: '' }
  }
  return {
    method: '',
    errors: { dns: proof.dns, file: proof.file },
    globalError: `${domain} is not proved: neither the TXT record nor the file was found`,
  }
}

async function activateNow(ctx: DomainsContext, { id, keyId, email }: Sender): Promise<void> {
  await ctx.storage.db
    .updateTable('senders')
    .set({ status: 'active' })
    .where('id', '=', id)
    .where('status', '=', 'inactive')
    .execute()
  ctx.changed({ keyId, email })
}
