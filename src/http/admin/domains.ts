/** `/api/domains`: domains, their proof, their DNS records and their keys. */
import { z } from 'zod'
import { checkDomain } from '../../domains/check-domain.ts'
import { createSender, reviveSender } from '../../domains/create-sender.ts'
import { addDomain, findDomain, getDomain, listDomains, showDomain } from '../../domains/domains.ts'
import { removeDomain } from '../../domains/remove-domain.ts'
import { rotateDkim } from '../../domains/rotate-dkim.ts'
import { findSender, trustSender } from '../../domains/senders.ts'
import { validateSender } from '../../domains/validate-sender.ts'
import type { KeyId } from '../../mail/ids.ts'
import { Refused } from '../../runtime/refused.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { type AdminRoute, defineRoute } from './route.ts'
import { validation } from './senders.ts'
import { whichKey } from './which-key.ts'

const status = z.enum(['not-checked', 'ok', 'error'])

const domain = z.object({
  id: z.number(),
  keyId: z.number(),
  name: z.string().describe('In A-label form'),
  isActive: z.boolean().describe('Proved: every address of it may send'),
  ownershipToken: z.string().describe('Value of the TXT record, and name of the file, that prove it'),
  dkimStatus: status,
  spfStatus: status,
  dmarcStatus: status,
  returnPathStatus: status,
  lastCheckAt: z.number().nullable(),
  problem: z.string().describe('What is wrong with its records; empty when nothing is'),
  createdAt: z.number().describe('Milliseconds since 1970'),
})

const record = z.object({
  purpose: z.string().describe('ownership, dkim, spf, dmarc, return-path, mx'),
  name: z.string(),
  type: z.string(),
  value: z.string(),
  advice: z.string(),
})

const domainToPublish = domain.extend({
  keys: z
    .array(
      z.object({
        id: z.number(),
        domainName: z.string(),
        selector: z.string(),
        algorithm: z.string(),
        publicKey: z.string(),
        state: z.enum(['active', 'next', 'retired']),
        verifiedAt: z.number().nullable().describe('Since when DNS shows it'),
        retiredAt: z.number().nullable(),
      }),
    )
    .readonly(),
  records: z.array(record).readonly().describe('What to publish in the DNS of the domain'),
})

const recordCheck = z.object({
  purpose: z.string(),
  status: z.enum(['ok', 'advice', 'missing', 'error', 'unknown']),
  name: z.string().describe('Where it was looked for'),
  found: z.array(z.string()).readonly(),
  problems: z.array(z.string()).readonly(),
  publish: record.optional(),
})

const keyQuery = z.strictObject({ key: z.string().optional() })

export function domainRoutes({ storage, clock, domains }: HttpDependencies): AdminRoute[] {
  const { settings, seal } = domains
  const show = (keyId: KeyId, name: string) =>
    showDomain(storage, {
      keyId,
      name,
      spfInclude: settings.spfInclude,
      bounceDomain: settings.bounceDomain,
    })
  const find = async (name: string | undefined, key: string | undefined) =>
    getDomain(storage, { keyId: (await whichKey(storage, key)).id, name: name ?? '' })

  return [
    defineRoute({
      method: 'GET',
      path: '/domains',
      summary: 'Domains that keys send from',
      query: keyQuery,
      answer: z.object({ domains: z.array(domain) }),
      async handle({ query }) {
        const filter = query.key === undefined ? {} : { keyId: (await whichKey(storage, query.key)).id }
        return { domains: await listDomains(storage, filter) }
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/domains',
      summary: 'Add a domain with its DKIM key; every address of it may send once it is proved',
      body: z.strictObject({
        name: z.string(),
        key: z.string().optional().describe('API key; the first one when left out'),
        trust: z.boolean().optional().describe('It is known to be theirs: no proof is needed'),
        selector: z.string().optional(),
        privateKey: z.string().optional().describe('PEM; made when left out'),
        bits: z.number().int().min(1024).max(4096).optional(),
        ed25519: z.boolean().optional(),
      }),
      answer: z.object({ domain: domainToPublish }),
      status: 201,
      async handle({ body }) {
        const { name, trust = false, privateKey: pem, bits, ed25519, selector } = body
        if (pem !== undefined && bits !== undefined) {
          throw new Refused(
            'bad-value',
            'bits is for keys that are made; leave it out together with privateKey',
          )
        }
        const keyId = (await whichKey(storage, body.key)).id
        const known = await findDomain(storage, { keyId, name })
        if (known === undefined && trust) {
          const wanted = { ...settings.dkim, ...(selector !== undefined && { selector }) }
          await addDomain(storage, {
            keyId,
            name,
            selector: wanted.selector,
            seal,
            dkim: pem === undefined ? { bits: bits ?? wanted.bits } : { pem },
            ed25519: ed25519 ?? (pem === undefined && wanted.ed25519),
            now: clock.now(),
          })
        } else if (known === undefined || !trust || known.isActive) {
          await addUnproved(keyId, {
            name,
            dkim: {
              ...(selector !== undefined && { selector }),
              ...(bits !== undefined && { bits }),
              ...(ed25519 !== undefined && { ed25519 }),
              ...(pem !== undefined && { pem }),
            },
          })
        } else {
          await trustSender(storage, {
            keyId,
            email: `*@${known.name}`,
            domainId: known.id,
            now: clock.now(),
          })
        }
        const added = await getDomain(storage, { keyId, name })
        domains.changed({ keyId, email: `*@${added.name}`, domain: added.name })
        // A key that was brought along is published already: then it signs from now on.
        await checkDomain(domains, added.id)
        return { domain: await show(keyId, name) }
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/domains/{name}',
      summary: 'A domain and the records to publish for it',
      query: keyQuery,
      answer: z.object({ domain: domainToPublish }),
      async handle({ params, query }) {
        const { keyId, name } = await find(params.name, query.key)
        return { domain: await show(keyId, name) }
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: '/domains/{name}',
      summary: 'Remove a domain with its keys and every sender at it',
      query: keyQuery,
      answer: z.object({ removed: z.literal(true) }),
      async handle({ params, query }) {
        const { keyId, name } = await find(params.name, query.key)
        await removeDomain(domains, { keyId, name })
        return { removed: true as const }
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/domains/{name}/check',
      summary: 'Look at ownership and records in DNS now',
      query: keyQuery,
      answer: z.object({
        domain: domainToPublish,
        validation: validation.nullable().describe('The try to prove it; null when it is proved already'),
        checks: z.array(recordCheck).readonly(),
      }),
      async handle({ params, query }) {
        const { id, keyId, name, isActive } = await find(params.name, query.key)
        const sender = isActive ? undefined : await findSender(storage, { keyId, email: `*@${name}` })
        const isOpen = sender?.status === 'inactive'
        const tried = isOpen ? await validateSender(domains, { keyId, senderId: sender.id }) : null
        const { checks } = await checkDomain(domains, id)
        return { domain: await show(keyId, name), validation: tried, checks }
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/domains/{name}/rotate',
      summary: 'Make a new DKIM key; it signs once DNS shows it',
      query: keyQuery,
      answer: z.object({ domain: domainToPublish }),
      async handle({ params, query }) {
        const { id, keyId, name } = await find(params.name, query.key)
        await rotateDkim(domains, id)
        return { domain: await show(keyId, name) }
      },
    }),
  ]

  async function addUnproved(
    keyId: KeyId,
    { name, dkim }: { name: string; dkim: NonNullable<Parameters<typeof createSender>[1]['dkim']> },
  ): Promise<void> {
    const email = `*@${name}`
    const deleted = await findSender(storage, { keyId, email })
    if (deleted?.status === 'deleted') await reviveSender(domains, { keyId, senderId: deleted.id })
    else if (deleted !== undefined) {
      throw new Refused(
        'conflict',
        `${name} is a domain of this API key already; see its records with: paravion domain show ${name}`,
      )
    } else await createSender(domains, { keyId, email, dkim })
  }
}
