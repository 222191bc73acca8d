/**
 * Mail that comes to us is understood and acted upon: looked up, decided (decide.ts), stored with its decision, and
 * answered where people wait for an answer. What is answered with 250 is durable.
 */
import type { Draft } from '../intake/draft.ts'
import { type Address, normaliseAddress } from '../mail/address.ts'
import type { AccountId, AliasId, InboxId, KeyId, LeadId, MessageId } from '../mail/ids.ts'
import { type IncomingMessage, readIncoming } from '../mail/incoming-message.ts'
import { maxParts } from '../mail/mime-parts.ts'
import { readParameters } from '../routing/parameters.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Log } from '../runtime/log.ts'
import { Conflict, type Storage } from '../storage/storage.ts'
import { groupByAccount } from './accounts-of-mail.ts'
import { answerAddress, specialAddresses } from './addresses.ts'
import { listAliases } from './aliases.ts'
import { type Authentication, composeAnswer, whyNoAnswer } from './answers.ts'
import { type AnswerKind, type Decision, decide, type Route } from './decide.ts'
import { answeredLately, insertIncoming, noteAnswer } from './inbox.ts'
import { addToLead, insertLead, type LeadOrigin } from './leads.ts'
import { lookUp, toDecisionMessage } from './look-up.ts'
import { type Programs, simulatePrograms, takeForPrograms } from './programs.ts'

export type IncomingMail = {
  /** '' for the null sender. */
  envelopeFrom: string
  recipients: readonly Address[]
  raw: Buffer
  /** Who delivered it, for people. */
  client: string
  authentication: Authentication
}

export type Answer = { code: number; enhanced: string; text: string }

export type InboundParts = {
  storage: Storage
  clock: Clock
  log: Log
  /** The message that a return path of ours names. */
  readReturnPath(address: Address): number | undefined
  /** Reads a report and acts on it. */
  applyReport(report: {
    message: IncomingMessage
    raw: Buffer
    addressedTo: readonly Address[]
    now: number
  }): Promise<{
    outcome: string
    steps: readonly string[]
    /** The message of ours that it is about. */
    messageId?: MessageId
  }>
  /** Does what mail to this address asks for, if it is one that unsubscribes; else false. */
  unsubscribe(address: Address): Promise<boolean>
  /** Who takes mail by program. */
  programs: Programs
  /** Somebody wrote to an account: their mailbox works. */
  heardFrom(person: { accountId: AccountId; address: Address }): Promise<void>
  /** Through the one door. */
  send(draft: Draft): Promise<void>
  /** The instance: its host name, and who owns what nobody else does. */
  host: string
  system: { accountId: AccountId; keyId: KeyId }
}

export type Handled = {
  accountId: AccountId
  inboxId?: InboxId
  outcome: string
  because: string[]
  /** Of mail that a program takes. */
  recipient?: Address
}

export type Inbound = {
  receive(mail: IncomingMail): Promise<Answer>
  /** The decision and its steps; nothing is stored, sent or counted. */
  simulate(mail: Omit<IncomingMail, 'client'>): Promise<Handled[]>
}

type Mail = IncomingMail & { message: IncomingMessage; recipientsOfAccount: readonly Address[] }

export function createInbound(parts: InboundParts): Inbound {
  const { storage, clock, log } = parts

  async function judge(accountId: AccountId, mail: Mail): Promise<Decision> {
    const recipients = mail.recipientsOfAccount
    const message = toDecisionMessage(mail.message, recipients.map(normaliseAddress))
    const hasReturnPath = recipients.some((address) => parts.readReturnPath(address) !== undefined)
    const known = await lookUp(storage, { accountId, message, hasReturnPath, now: clock.now() })
    return decide(message, known)
  }

  async function handle(accountId: AccountId, mail: Mail, isSecondLook = false): Promise<Handled> {
    const decision = await judge(accountId, mail)
    try {
      return await act(accountId, mail, decision)
    } catch (error) {
      // The same mail came twice at one time: the other one was first.
      if (error instanceof Conflict && !isSecondLook) return handle(accountId, mail, true)
      throw error
    }
  }

  async function act(accountId: AccountId, mail: Mail, decision: Decision): Promise<Handled> {
    const { because } = decision
    const { from } = mail.message
    if (from !== undefined && decision.kind !== 'ignore' && decision.kind !== 'bounce') {
      await parts.heardFrom({ accountId, address: from.address })
    }
    switch (decision.kind) {
      case 'ignore':
        return keep(accountId, mail, { outcome: `ignored-${decision.why}`, because, isTaken: false })
      case 'no-route':
        return keep(accountId, mail, { outcome: 'no-route', because, isTaken: false })
      case 'bounce': {
        const { outcome, steps } = await parts.applyReport({
          message: mail.message,
          raw: mail.raw,
          addressedTo: mail.recipientsOfAccount,
          now: clock.now(),
        })
        return keep(accountId, mail, { outcome: `report-${outcome}`, because: [...because, ...steps] })
      }
      case 'answer':
        return refuseByMail(accountId, mail, decision)
      case 'routes':
        return follow(accountId, mail, decision)
    }
  }

  async function keep(
    accountId: AccountId,
    mail: Mail,
    { outcome, because, isTaken = true }: { outcome: string; because: string[]; isTaken?: boolean },
  ): Promise<Handled> {
    const inboxId = (await storage.reserveIds(1)) as InboxId
    await storage.db
      .transaction()
      .execute((db) =>
        insertIncoming(db, { inboxId, accountId, mail, outcome, because, isTaken, now: clock.now() }),
      )
    return { accountId, inboxId, outcome, because }
  }

  async function follow(
    accountId: AccountId,
    mail: Mail,
    { routes, because }: Decision & { kind: 'routes' },
  ): Promise<Handled> {
    const now = clock.now()
    const aliases = await listAliases(storage, { accountId, now })
    const special = specialAddresses(await readParameters(storage, accountId))
    const ownAddresses = [...aliases.map(({ address }) => address), ...special.bounce, ...special.catchall]
    const firstId = await storage.reserveIds(1 + routes.length)
    const inboxId = firstId as InboxId
    const outcome = routes.some(({ kind }) => kind === 'reply') ? 'reply' : 'lead'
    const steps = [...because]
    const arrival = { accountId, inboxId, message: mail.message, ownAddresses, now }
    const originOf = (aliasId: AliasId): LeadOrigin => ({
      aliasId,
      defaults: aliases.find(({ id }) => id === aliasId)?.defaults ?? {},
      answersId: null,
    })
    await storage.db.transaction().execute(async (db) => {
      for (const [index, route] of routes.entries()) {
        const newLead = (firstId + 1 + index) as LeadId
        if (route.kind === 'reply' && route.to.kind === 'lead') {
          if (await addToLead(db, { ...arrival, leadId: route.to.leadId })) {
            steps.push(`It was added to lead ${route.to.leadId}.`)
            continue
          }
          steps.push(`Lead ${route.to.leadId} is gone.`)
        }
        const origin = originOfRoute(route, originOf)
        await insertLead(db, { ...arrival, leadId: newLead, origin })
        steps.push(`It began lead ${newLead}.`)
      }
      await insertIncoming(db, { inboxId, accountId, mail, outcome, because: steps, isTaken: true, now })
    })
    return { accountId, inboxId, outcome, because: steps }
  }

  async function refuseByMail(
    accountId: AccountId,
    mail: Mail,
    { answer, aliasId, because }: { answer: AnswerKind; aliasId?: AliasId; because: string[] },
  ): Promise<Handled> {
    const now = clock.now()
    const to = mail.envelopeFrom.toLowerCase()
    const reason =
      whyNoAnswer(mail.message, mail) ??
      ((await answeredLately(storage, { accountId, to, now }))
        ? `${mail.envelopeFrom} had an answer within the last day`
        : undefined)
    const draft = reason === undefined ? await draftAnswer(accountId, mail, { answer, aliasId }) : undefined
    const step =
      draft === undefined
        ? `No answer goes out: ${reason ?? 'its sender is no address'}.`
        : `An answer goes to ${mail.envelopeFrom}.`
    const handled = await keep(accountId, mail, { outcome: `refused-${answer}`, because: [...because, step] })
    if (draft !== undefined && handled.inboxId !== undefined) {
      await noteAnswer(storage, { inboxId: handled.inboxId, to })
      await parts.send(draft)
    }
    return handled
  }

  async function draftAnswer(
    accountId: AccountId,
    { message, envelopeFrom }: Mail,
    { answer, aliasId }: { answer: AnswerKind; aliasId: AliasId | undefined },
  ): Promise<Draft | undefined> {
    const parameters = await readParameters(storage, accountId)
    const own = answerAddress(parameters)
    const key = own === undefined ? undefined : await masterKey(storage, accountId)
    const aliases = await listAliases(storage, { accountId, now: clock.now() })
    const refusal = aliases.find(({ id }) => id === aliasId)?.refusal ?? undefined
    const contact = answer === 'catchall' ? parameters['mail.default.from'] : undefined
    return composeAnswer(answer, {
      message,
      envelopeFrom,
      host: parts.host,
      // Without an address of its own, the account's answers are the instance's.
      ...(own !== undefined && key !== undefined
        ? { from: own, keyId: key }
        : { from: `mailer-daemon@${parts.host}`, keyId: parts.system.keyId }),
      ...(contact?.includes('@') && { contact }),
      ...(refusal !== undefined && { refusal }),
    })
  }

  async function eachAccount<Result>(
    mail: IncomingMail & { message: IncomingMessage },
    work: (accountId: AccountId, mail: Mail) => Promise<Result>,
  ): Promise<Result[]> {
    const groups = await groupByAccount(parts, mail.recipients)
    const results: Result[] = []
    for (const [accountId, recipientsOfAccount] of groups) {
      results.push(await work(accountId, { ...mail, recipientsOfAccount }))
    }
    return results
  }

  return {
    async receive(mail) {
      const recipients: Address[] = []
      for (const address of mail.recipients) {
        if (!(await parts.unsubscribe(address))) recipients.push(address)
      }
      if (recipients.length === 0 && mail.recipients.length > 0) {
        log.info({ client: mail.client }, 'unsubscribed by mail')
        return { code: 250, enhanced: '2.0.0', text: 'Ok: unsubscribed' }
      }
      const message = await readIncoming(mail.raw)
      if (message.isCutOff) {
        log.info({ client: mail.client, sizeBytes: mail.raw.length }, 'incoming mail has too many parts')
        return { code: 554, enhanced: '5.6.0', text: tooManyParts }
      }
      const handled = await takeForPrograms(parts, { ...mail, message, recipients })
      const others = recipients.filter((address) => !handled.some(({ recipient }) => recipient === address))
      if (others.length > 0)
        handled.push(...(await eachAccount({ ...mail, message, recipients: others }, handle)))
      for (const { accountId, inboxId, outcome } of handled) {
        log.info({ accountId, inboxId, outcome, client: mail.client }, 'incoming mail')
      }
      if (handled.every(({ outcome }) => outcome === 'no-route')) {
        return { code: 550, enhanced: '5.1.1', text: 'No route: nobody here takes mail for these recipients' }
      }
      return { code: 250, enhanced: '2.0.0', text: `Ok: ${handled[0]?.inboxId ?? 'taken'}` }
    },

    async simulate(mail) {
      const message = await readIncoming(mail.raw)
      const { handled, others } = await simulatePrograms(parts, { ...mail, message })
      const decided = await eachAccount(
        { ...mail, message, recipients: others, client: '' },
        async (accountId, one) => {
          const decision = await judge(accountId, one)
          return { accountId, outcome: outcomeInWords(decision), because: decision.because }
        },
      )
      const all = [...handled, ...decided]
      if (!message.isCutOff) return all
      return all.map(({ accountId }) => ({ accountId, outcome: 'refused-parts', because: [tooManyParts] }))
    },
  }
}

const tooManyParts = `The message has more than ${maxParts} MIME parts; send its files in several messages`

function originOfRoute(route: Route, originOf: (aliasId: AliasId) => LeadOrigin): LeadOrigin {
  if (route.kind !== 'reply') return originOf(route.aliasId)
  return {
    aliasId: null,
    defaults: {},
    answersId: route.to.kind === 'message' ? route.to.messageId : null,
  }
}

function outcomeInWords(decision: Decision): string {
  switch (decision.kind) {
    case 'ignore':
      return `ignored-${decision.why}`
    case 'bounce':
      return 'report'
    case 'answer':
      return `refused-${decision.answer}`
    case 'no-route':
      return 'no-route'
    case 'routes':
      return decision.routes.some(({ kind }) => kind === 'reply') ? 'reply' : 'lead'
  }
}

async function masterKey({ db }: Storage, accountId: AccountId): Promise<KeyId | undefined> {
  const key = await db
    .selectFrom('api_keys')
    .select('id')
    .where('account_id', '=', accountId)
    .where('is_active', '=', 1)
    .orderBy('is_master', 'desc')
    .orderBy('id')
    .executeTakeFirst()
  return key?.id
}
