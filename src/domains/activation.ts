/** Proof that somebody reads the mail of an address: a link in a mail to it, and a click on the page behind. */
import { createHash, randomBytes } from 'node:crypto'
import type { KeyId, SenderId } from '../mail/ids.ts'
import type { Instant } from '../storage/schema.ts'
import { activationMail } from './activation-mail.ts'
import type { DomainsContext } from './context.ts'
import { parseSenderAddress, type Sender } from './senders.ts'

const pauseMs = 5 * 60_000
export const linkLifetimeMs = 48 * 60 * 60_000
/** Mail to strangers on demand is a way to annoy them. */
const maxMailsPerHour = 100

export type ActivationMailing =
  | 'sent'
  /** One left less than five minutes ago; it still counts. */
  | 'sent-lately'
  | 'too-many'

/** Writes to the address of a sender, at most once in five minutes however often it is asked to. */
export async function sendActivation(ctx: DomainsContext, sender: Sender): Promise<ActivationMailing> {
  const now = ctx.clock.now()
  const { count } = await ctx.storage.db
    .selectFrom('activations')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('key_id', '=', sender.keyId)
    .where('created_at', '>', now - 60 * 60_000)
    .executeTakeFirstOrThrow()
  if (Number(count) >= maxMailsPerHour) return 'too-many'
  // The update is what decides between two that ask at once.
  const claimed = await ctx.storage.db
    .updateTable('senders')
    .set({ activation_mail_at: now })
    .where('id', '=', sender.id)
    .where((eb) =>
      eb.or([eb('activation_mail_at', 'is', null), eb('activation_mail_at', '<=', now - pauseMs)]),
    )
    .executeTakeFirst()
  if (claimed.numUpdatedRows === 0n) return 'sent-lately'

  const token = randomBytes(32).toString('base64url')
  const id = await ctx.storage.reserveIds(1)
  await ctx.storage.db
    .insertInto('activations')
    .values({
      id,
      sender_id: sender.id,
      key_id: sender.keyId,
      token_hash: hashOf(token),
      created_at: now,
      expires_at: now + linkLifetimeMs,
    })
    .execute()
  try {
    await ctx.sendMail(
      activationMail({
        to: parseSenderAddress(sender.email),
        link: `${ctx.settings.publicUrl()}/activate/${token}`,
        instance: ctx.settings.name,
      }),
    )
  } catch (error) {
    // Nothing left: whoever asks again must not be told to look into their mailbox.
    await ctx.storage.db
      .updateTable('senders')
      .set({ activation_mail_at: sender.activationMailAt })
      .where('id', '=', sender.id)
      .execute()
    throw error
  }
  return 'sent'
}

export type Activation =
  | { state: 'open'; email: string; expiresAt: Instant }
  /** The sender is active, by this link or otherwise. */
  | { state: 'done'; email: string }
  | { state: 'expired'; email: string }
  | { state: 'unknown' }

type ActivationContext = Pick<DomainsContext, 'storage' | 'clock' | 'changed' | 'log'>

/** Looks only: mail scanners follow links. */
export async function readActivation(ctx: ActivationContext, token: string): Promise<Activation> {
  return (await findActivation(ctx, token)).activation
}

/** The click. The same answer whether it was this click that did it, or an earlier one. */
export async function activate(ctx: ActivationContext, token: string): Promise<Activation> {
  const { activation, row } = await findActivation(ctx, token)
  if (activation.state !== 'open' || row === undefined) return activation
  const now = ctx.clock.now()
  const done = await ctx.storage.db.transaction().execute(async (transaction) => {
    const used = await transaction
      .updateTable('activations')
      .set({ used_at: now })
      .where('id', '=', row.id)
      .where('used_at', 'is', null)
      .executeTakeFirst()
    if (used.numUpdatedRows === 0n) return false
    const activated = await transaction
      .updateTable('senders')
      .set({ status: 'active' })
      .where('id', '=', row.sender_id)
      .where('status', '=', 'inactive')
      .executeTakeFirst()
    return activated.numUpdatedRows > 0n
  })
  if (!done) return readActivation(ctx, token)
  ctx.changed({ keyId: row.key_id, email: activation.email })
  ctx.log.info({ keyId: row.key_id, sender: activation.email }, 'sender activated by its mail')
  return { state: 'done', email: activation.email }
}

type ActivationRow = { id: number; sender_id: SenderId; key_id: KeyId }

async function findActivation(
  { storage, clock }: ActivationContext,
  token: string,
): Promise<{ activation: Activation; row?: ActivationRow }> {
  const row = await storage.db
    .selectFrom('activations')
    .innerJoin('senders', 'senders.id', 'activations.sender_id')
    .select([
      'activations.id',
      'activations.sender_id',
      'activations.key_id',
      'activations.expires_at',
      'activations.used_at',
      'senders.email',
      'senders.status',
    ])
    .where('activations.token_hash', '=', hashOf(token))
    .executeTakeFirst()
  if (row === undefined || row.status === 'deleted') return { activation: { state: 'unknown' } }
  const { email } = row
  if (row.status === 'active') return { activation: { state: 'done', email } }
  if (row.used_at !== null || row.expires_at <= clock.now())
    return { activation: { state: 'expired', email } }
  return { activation: { state: 'open', email, expiresAt: row.expires_at }, row }
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}
