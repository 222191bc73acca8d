/**
 * Double opt-in: whoever asks to be in a list gets a mail, and is in it once they have confirmed from there. Until then
 * nothing that was said about them is taken over: somebody else may have said it.
 */
import { createHash, randomBytes } from 'node:crypto'
import type { Address } from '../mail/address.ts'
import { parseAddress } from '../mail/address.ts'
import type { ContactId, ContactListId, KeyId, SignupId } from '../mail/ids.ts'
import type { Mailbox } from '../mail/mailbox.ts'
import { Refused } from '../runtime/refused.ts'
import type { Instant } from '../storage/schema.ts'
import type { ContactsContext } from './context.ts'
import { findContactList } from './lists.ts'
import { listMembers } from './members.ts'
import { propertiesByName } from './properties.ts'
import { readValues, saveContacts } from './save-contacts.ts'
import { signUpMail } from './sign-up-mail.ts'
import { tidyName } from './tidy-text.ts'

export const signUpLifetimeMs = 7 * 86_400_000
const pauseMs = 5 * 60_000
/** Mail to strangers on demand is a way to annoy them. */
const mostMailsPerHour = 1_000

export type SignUpMail = {
  keyId: KeyId
  from: Mailbox
  to: Address
  subject: string
  text: string
  html: string
}

export type SignUpContext = ContactsContext & {
  publicUrl(): string
  sendMail(mail: SignUpMail): Promise<void>
}

export type SignUpDetails = { name?: string; properties?: Readonly<Record<string, unknown>> }

export type SignUpOutcome =
  | 'mailed'
  /** A mail left less than five minutes ago; its link still works. */
  | 'mailed-lately'
  | 'subscribed-already'

export async function signUp(
  ctx: SignUpContext,
  wish: {
    keyId: KeyId
    listId: ContactListId
    /** As `contactEmail` gives it. */
    email: string
    from: Mailbox
    details: SignUpDetails
    source: string
    sourceId?: number
    address: string
  },
): Promise<SignUpOutcome> {
  const { storage, clock } = ctx
  const { keyId, listId, email } = wish
  const now = clock.now()
  const list = await findContactList(storage.db, { keyId, id: listId })
  const to = parseAddress(email)
  if (list === undefined || to === undefined) throw new Error('a sign-up for no list or no address')
  const [member] = await listMembers(
    storage.db,
    { keyId, listId, email, isUnsubscribed: false },
    { limit: 1 },
  )
  if (member !== undefined) return 'subscribed-already'
  if (await isTooSoon(ctx, wish, now)) return 'mailed-lately'
  const contactId = await ensureContact(ctx, { keyId, email })
  const token = randomBytes(32).toString('base64url')
  const id = (await storage.reserveIds(1)) as SignupId
  await storage.db
    .insertInto('contact_signups')
    .values({
      id,
      key_id: keyId,
      list_id: listId,
      contact_id: contactId,
      email,
      token_hash: hashOf(token),
      details: JSON.stringify(wish.details),
      source: tidyName(wish.source),
      source_id: wish.sourceId ?? null,
      signed_up_at: now,
      signed_up_from: tidyName(wish.address),
      expires_at: now + signUpLifetimeMs,
      confirmed_at: null,
      confirmed_from: null,
    })
    .execute()
  const link = `${ctx.publicUrl()}/confirm/${token}`
  try {
    await ctx.sendMail({ keyId, from: wish.from, to, ...signUpMail({ email, listName: list.name, link }) })
  } catch (error) {
    // Nothing left: whoever asks again must not be told to look into their mailbox.
    await storage.db.deleteFrom('contact_signups').where('id', '=', id).execute()
    throw error
  }
  return 'mailed'
}

async function isTooSoon(
  { storage: { db } }: SignUpContext,
  { keyId, listId, email }: { keyId: KeyId; listId: ContactListId; email: string },
  now: Instant,
): Promise<boolean> {
  const lately = await db
    .selectFrom('contact_signups')
    .select(['list_id', 'email', 'signed_up_at'])
    .where('key_id', '=', keyId)
    .where('signed_up_at', '>', now - 60 * 60_000)
    .limit(mostMailsPerHour)
    .execute()
  if (lately.length >= mostMailsPerHour) {
    throw new Refused('conflict', `${mostMailsPerHour} sign-ups within an hour are the most; try again later`)
  }
  return lately.some(
    (one) => one.list_id === listId && one.email === email && one.signed_up_at > now - pauseMs,
  )
}

/** A new one is pending until it has confirmed. */
async function ensureContact(
  ctx: SignUpContext,
  { keyId, email }: { keyId: KeyId; email: string },
): Promise<ContactId> {
  const { db } = ctx.storage
  const known = await db
    .selectFrom('contacts')
    .select('id')
    .where('key_id', '=', keyId)
    .where('email', '=', email)
    .executeTakeFirst()
  if (known !== undefined) return known.id
  const { ids } = await saveContacts(ctx, { keyId, origin: '', targets: [], contacts: [{ email }] })
  const id = ids.get(email)
  if (id === undefined) throw new Error('a contact was not stored')
  await db.updateTable('contacts').set({ is_opt_in_pending: 1 }).where('id', '=', id).execute()
  return id
}

export type SignUp =
  | { state: 'open'; email: string; listName: string }
  /** By this click, or an earlier one. */
  | { state: 'done'; email: string; listName: string }
  | { state: 'expired'; email: string; listName: string }
  | { state: 'unknown' }

/** Looks only: mail scanners follow links. */
export async function readSignUp(ctx: ContactsContext, token: string): Promise<SignUp> {
  return (await findSignUp(ctx, token)).signUp
}

/** The click. A person who says so themselves is also not excluded from campaigns any more. */
export async function confirmSignUp(
  ctx: ContactsContext,
  { token, address }: { token: string; address: string },
): Promise<SignUp> {
  const { signUp: found, row } = await findSignUp(ctx, token)
  if (found.state !== 'open' || row === undefined) return found
  const { db } = ctx.storage
  const { name, properties = {} } = JSON.parse(row.details) as SignUpDetails
  // What does not fit any more, because a property was deleted or has another type since, is left out.
  const { values } = readValues(Object.entries(properties), await propertiesByName(db, row.key_id))
  await saveContacts(ctx, {
    keyId: row.key_id,
    origin: 'sign-up',
    targets: [{ listId: row.list_id, action: 'addforce' }],
    contacts: [{ email: row.email, values, isExcluded: false, ...(name !== undefined && { name }) }],
  })
  await db
    .updateTable('contacts')
    .set({ is_opt_in_pending: 0 })
    .where('key_id', '=', row.key_id)
    .where('email', '=', row.email)
    .execute()
  await db
    .updateTable('contact_signups')
    .set({ confirmed_at: ctx.clock.now(), confirmed_from: address })
    .where('id', '=', row.id)
    .execute()
  return { ...found, state: 'done' }
}

async function findSignUp({ storage: { db }, clock }: ContactsContext, token: string) {
  const row = await db
    .selectFrom('contact_signups')
    .innerJoin('contact_lists', 'contact_lists.id', 'contact_signups.list_id')
    .innerJoin('contacts', 'contacts.id', 'contact_signups.contact_id')
    .selectAll('contact_signups')
    .select('contact_lists.name as listName')
    .where('contact_signups.token_hash', '=', hashOf(token))
    .where('contact_lists.deleted_at', 'is', null)
    .where('contacts.erased_at', 'is', null)
    .executeTakeFirst()
  if (row === undefined) return { signUp: { state: 'unknown' } satisfies SignUp as SignUp, row: undefined }
  const { email, listName } = row
  const isOver = row.expires_at <= clock.now()
  const state = row.confirmed_at !== null ? 'done' : isOver ? 'expired' : 'open'
  return { signUp: { state, email, listName } as SignUp, row }
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}
