/** A domain's records and keys over time: what signs when, on both databases. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTestDomains, type DomainsWorld } from '../../test/domains-world.ts'
import { storageTest } from '../../test/storage.ts'
import type { KeyId } from '../mail/ids.ts'
import { createQueue } from '../queue/queue.ts'
import { createLog } from '../runtime/log.ts'
import type { Storage } from '../storage/storage.ts'
import { checkDomain } from './check-domain.ts'
import { checkLane, nextCheckDelay } from './check-schedule.ts'
import { createSender } from './create-sender.ts'
import { watchDomains } from './domain-watch.ts'
import { addDomain, getDomain, showDomain } from './domains.ts'
import { createKeyring } from './keyring.ts'
import { removeDomain } from './remove-domain.ts'
import { nextSelector, rotateDkim } from './rotate-dkim.ts'

const keyId = 100 as KeyId
const systemKeyId = 1 as KeyId
const name = 'shop.example'
const hour = 3_600_000

async function setUp(storage: Storage) {
  let time = 1_700_000_000_000
  const clock = { now: () => time, sleep: async () => {} }
  const lines: { level: number; msg: string; record?: string }[] = []
  const log = createLog({
    level: 'info',
    destination: { write: (line) => void lines.push(JSON.parse(line)) },
  })
  const { ctx, world } = createTestDomains(storage, { clock, log })
  await addDomain(storage, {
    keyId: systemKeyId,
    name: ctx.settings.name,
    seal: ctx.seal,
    dkim: { bits: 1024 },
    isPublished: true,
    now: time,
  })
  world.txt.set(ctx.settings.spfInclude, ['v=spf1 ip4:192.0.2.1 -all'])
  const { domainId } = await createSender(ctx, { keyId, email: `*@${name}` })
  assert.ok(domainId)
  const own = { keyId: systemKeyId, domain: ctx.settings.name }
  const show = () => showDomain(storage, { ...ctx.settings, keyId, name })
  return {
    ctx,
    world,
    lines,
    domainId,
    show,
    pass: (ms: number) => {
      time += ms
    },
    check: () => checkDomain(ctx, domainId),
    /** `domain/selector` of the keys that would sign now. */
    async signers() {
      const keyring = createKeyring({ storage, seal: ctx.seal, clock, own })
      const keys = await keyring.signingKeys(keyId, name)
      return keys.map(({ domain, selector }) => `${domain}/${selector}`)
    },
    async returnPath() {
      const keyring = createKeyring({ storage, seal: ctx.seal, clock, own })
      await keyring.signingKeys(keyId, name)
      return keyring.returnPathDomain(keyId, name)
    },
    async publishKeys() {
      for (const { name: place, value, purpose } of (await show()).records) {
        if (purpose === 'dkim') world.txt.set(place.slice(0, -1), [value])
      }
    },
  }
}

function publishRest(
  world: DomainsWorld,
  records: readonly { purpose: string; name: string; value: string }[],
) {
  for (const { purpose, name: place, value } of records) {
    if (purpose === 'spf' || purpose === 'dmarc') world.txt.set(place.slice(0, -1), [value])
    if (purpose === 'return-path') world.cname.set(place.slice(0, -1), value.slice(0, -1))
  }
}

const ownKey = 'mail.paravion.example/mailjet'

storageTest('until DNS shows its key, the instance signs for a domain', async (_t, storage) => {
  const { check, signers, publishKeys, show, world, returnPath } = await setUp(storage)
  assert.deepEqual(await signers(), [ownKey])
  const first = await check()
  assert.deepEqual(
    first.checks.map(({ purpose, status }) => `${purpose} ${status}`),
    ['dkim missing', 'spf missing', 'dmarc missing', 'return-path advice', 'mx advice'],
  )
  assert.deepEqual(
    [
      first.domain.dkimStatus,
      first.domain.spfStatus,
      first.domain.dmarcStatus,
      first.domain.returnPathStatus,
    ],
    ['error', 'error', 'error', 'not-checked'],
  )
  assert.equal(
    first.domain.problem,
    `DKIM: there is no TXT record at mailjet._domainkey.${name}
SPF: there is no SPF record at ${name}
DMARC: there is no DMARC record at _dmarc.${name}`,
  )
  assert.deepEqual(await signers(), [ownKey])
  assert.equal(await returnPath(), undefined)

  await publishKeys()
  publishRest(world, (await show()).records)
  const { domain } = await check()
  assert.deepEqual(
    [domain.dkimStatus, domain.spfStatus, domain.dmarcStatus, domain.returnPathStatus, domain.problem],
    ['ok', 'ok', 'ok', 'ok', ''],
  )
  assert.deepEqual(await signers(), [`${name}/mailjet`])
  assert.equal(await returnPath(), `bnc3.${name}`)
})

storageTest('a record that breaks is reported, and the instance signs again', async (_t, storage) => {
  const { check, signers, publishKeys, world, lines } = await setUp(storage)
  await publishKeys()
  await check()
  lines.length = 0
  world.txt.set(`mailjet._domainkey.${name}`, ['v=DKIM1; p=AAAA'])
  const { domain } = await check()
  assert.equal(domain.dkimStatus, 'error')
  assert.match(domain.problem, /^DKIM: another key is published at this name than the one that signs/)
  assert.deepEqual(await signers(), [ownKey])
  assert.deepEqual(
    lines.map(({ level, msg, record }) => [level, msg, record]),
    [[40, 'a DNS record broke', 'dkim']],
  )
  await check()
  assert.equal(lines.length, 1)
})

storageTest('a DNS that does not answer changes nothing', async (_t, storage) => {
  const { check, signers, publishKeys, world } = await setUp(storage)
  await publishKeys()
  await check()
  world.broken.add(`mailjet._domainkey.${name}`)
  const { domain, checks } = await check()
  assert.equal(checks[0]?.status, 'unknown')
  assert.equal(domain.dkimStatus, 'ok')
  assert.deepEqual(await signers(), [`${name}/mailjet`])
})

storageTest('a key is replaced without a moment that lacks a valid one', async (_t, storage) => {
  const { ctx, check, signers, publishKeys, show, domainId, pass, world } = await setUp(storage)
  await publishKeys()
  await check()
  const rotations = await Promise.all([rotateDkim(ctx, domainId), rotateDkim(ctx, domainId)])
  assert.deepEqual(
    rotations.map((keys) => keys.map(({ selector, state }) => [selector, state])),
    [[['mailjet2', 'next']], [['mailjet2', 'next']]],
  )
  assert.deepEqual(await signers(), [`${name}/mailjet`])
  // Its record is not there yet: the old key goes on.
  const before = await check()
  assert.equal(before.domain.dkimStatus, 'ok')
  assert.deepEqual(
    before.checks.slice(0, 2).map(({ status }) => status),
    ['ok', 'missing'],
  )
  assert.deepEqual(await signers(), [`${name}/mailjet`])

  await publishKeys()
  const after = await check()
  assert.equal(after.domain.dkimStatus, 'ok')
  assert.deepEqual(await signers(), [`${name}/mailjet2`])
  const [old, fresh] = (await show()).keys
  assert.deepEqual([old?.state, fresh?.state], ['retired', 'active'])
  assert.match(
    (await show()).records.find(({ purpose }) => purpose === 'dkim')?.advice ?? '',
    /^A former key: leave it there until 2023-11-21/,
  )

  pass(7 * 24 * hour - 1)
  await check()
  assert.equal((await show()).keys.length, 2)
  pass(1)
  await check()
  assert.deepEqual(
    (await show()).keys.map(({ selector }) => selector),
    ['mailjet2'],
  )
  world.txt.delete(`mailjet._domainkey.${name}`)
  await check()
  assert.deepEqual(await signers(), [`${name}/mailjet2`])
})

storageTest(
  'a new key that is seen first takes over even when the old one is broken',
  async (_t, storage) => {
    const { ctx, check, signers, publishKeys, domainId, world } = await setUp(storage)
    await publishKeys()
    await check()
    await rotateDkim(ctx, domainId)
    await publishKeys()
    world.txt.delete(`mailjet._domainkey.${name}`)
    assert.equal((await check()).domain.dkimStatus, 'ok')
    assert.deepEqual(await signers(), [`${name}/mailjet2`])
  },
)

storageTest('sub-keys of an account share the keys of a domain', async (_t, storage) => {
  const { ctx, check, publishKeys } = await setUp(storage)
  const other = 300 as KeyId
  const stranger = 400 as KeyId
  const rows = [
    [keyId, 1],
    [other, 1],
    [stranger, 2],
  ] as const
  for (const [id, account] of rows) {
    await storage.db
      .insertInto('api_keys')
      .values({
        id,
        account_id: account as never,
        name: 'k',
        public_key: String(id),
        secret_hash: '',
        is_master: 0,
        is_active: 1,
        created_at: 0,
      })
      .execute()
  }
  await publishKeys()
  await check()
  const keyring = createKeyring({
    storage,
    seal: ctx.seal,
    clock: ctx.clock,
    own: { keyId: systemKeyId, domain: ctx.settings.name },
  })
  const signers = async (id: KeyId) =>
    (await keyring.signingKeys(id, name)).map(({ domain, selector }) => `${domain}/${selector}`)
  assert.deepEqual(await signers(other), [`${name}/mailjet`])
  assert.deepEqual(await signers(stranger), [ownKey])
  await createSender(ctx, { keyId: other, email: `*@${name}` })
  const shown = await showDomain(storage, { ...ctx.settings, keyId: other, name })
  const first = await showDomain(storage, { ...ctx.settings, keyId, name })
  assert.deepEqual(
    shown.keys.map(({ publicKey }) => publicKey),
    first.keys.map(({ publicKey }) => publicKey),
  )
  await createSender(ctx, { keyId: stranger, email: `*@${name}` })
  const theirs = await showDomain(storage, { ...ctx.settings, keyId: stranger, name })
  assert.notEqual(theirs.keys[0]?.publicKey, first.keys[0]?.publicKey)
})

storageTest('domains are looked at when it is their time, and forgotten with them', async (_t, storage) => {
  const { ctx, publishKeys, world, show, pass } = await setUp(storage)
  await publishKeys()
  publishRest(world, (await show()).records)
  const queue = createQueue({ storage, clock: ctx.clock, log: ctx.log })
  assert.equal(await queue.nextDueAt(checkLane), ctx.clock.now() + 120_000)
  pass(120_000)
  const realSleep = (ms: number, signal?: AbortSignal) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, Math.min(ms, 20))
      signal?.addEventListener('abort', () => {
        clearTimeout(timer)
        resolve()
      })
    })
  const watch = watchDomains({ ...ctx, clock: { ...ctx.clock, sleep: realSleep } }, { queue })
  const dueOf = async (ref: number) =>
    (await storage.db.selectFrom('work').select('due_at').where('ref', '=', ref).execute())[0]?.due_at
  const { id } = await getDomain(storage, { keyId, name })
  const deadline = Date.now() + 10_000
  while ((await dueOf(id)) !== ctx.clock.now() + 6 * hour) {
    assert.ok(Date.now() < deadline, 'the domain was not checked')
    await realSleep(5)
  }
  assert.equal((await getDomain(storage, { keyId, name })).dkimStatus, 'ok')
  await removeDomain(ctx, { keyId, name })
  await watch.stop()
  assert.equal(await dueOf(id), undefined)
})

test('next looks: soon at first, then every six hours', () => {
  const table: [isRight: boolean, ageHours: number, hours: number][] = [
    [false, 0, 1 / 30],
    [false, 2, 0.25],
    [false, 25, 6],
    [false, 31 * 24, 24],
    [true, 0, 6],
    [true, 5000, 6],
  ]
  for (const [isRight, age, hours] of table) {
    assert.equal(nextCheckDelay({ isRight, ageMs: age * hour }), hours * hour)
  }
  const selectors: [old: string, next: string][] = [
    ['mailjet', 'mailjet2'],
    ['mailjet2', 'mailjet4'],
    ['k2026a', 'k2026a2'],
    ['mailjet-ed25519', 'mailjet2-ed25519'],
  ]
  for (const [old, next] of selectors) assert.equal(nextSelector(old, new Set(['mailjet3'])), next)
})
