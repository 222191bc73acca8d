/** What reports change and what they must not change, on both databases. */
import assert from 'node:assert/strict'
import { storageTest } from '../../test/storage.ts'
import { parseAddress } from '../mail/address.ts'
import type { DeliveryId, KeyId, MessageId } from '../mail/ids.ts'
import type { ReadReport } from '../mail/read-report.ts'
import type { ReportedRecipient } from '../mail/report-text.ts'
import { createReturnPaths } from '../mail/return-path.ts'
import type { Storage } from '../storage/storage.ts'
import { applyReport, type ReportSuppression } from './apply-report.ts'

const day = 24 * 60 * 60_000
const now = 1_700_000_000_000

const keyA = 10 as KeyId
const keyB = 20 as KeyId

async function setUp({ db, ...storage }: Storage) {
  const suppressed: ReportSuppression[] = []
  let time = now
  /** What happens while a report is waiting. */
  let meanwhile = async () => {}
  const returnPaths = createReturnPaths({
    domain: 'bounce.mail.example',
    secretOf: (period) => Buffer.alloc(32, period % 251),
    now: () => time,
  })
  for (const [keyId, accountId] of [
    [keyA, 1],
    [keyB, 2],
  ] as const) {
    await db
      .insertInto('api_keys')
      .values({
        id: keyId,
        account_id: accountId as never,
        name: 'k',
        public_key: String(keyId),
        secret_hash: '',
        is_master: 1,
        is_active: 1,
        created_at: now,
        rotated_at: null,
      })
      .execute()
  }
  async function addMessage(id: number, keyId: KeyId, recipients: readonly string[]) {
    await db
      .insertInto('messages')
      .values({
        id: id as MessageId,
        key_id: keyId,
        door: 'smtp',
        lane: 'transactional',
        priority: 2,
        accepted_at: now - day,
        expires_at: now,
        envelope_from: '',
        from_address: 'hello@shop.example',
        subject: 'Hi',
        header_message_id: `<m${id}@shop.example>`,
        size_bytes: 10,
        recipient_count: recipients.length,
        custom_id: null,
        event_payload: null,
        campaign_id: null,
        options: '{}',
        submission_uuid: 'u',
      })
      .execute()
    for (const [i, recipient] of recipients.entries()) {
      await db
        .insertInto('deliveries')
        .values({
          id: (id + 1 + i) as DeliveryId,
          message_id: id as MessageId,
          key_id: keyId,
          work_id: 0 as never,
          uuid: `${id}-${i}`,
          recipient,
          recipient_kind: 'to',
          state: 'delivered',
          class: null,
          reply_code: 250,
          reply_text: 'Ok',
          attempts: 1,
          next_attempt_at: null,
          updated_at: now,
          dsn: null,
        })
        .execute()
    }
  }
  await addMessage(1000, keyA, ['lea@client.example'])
  await addMessage(2000, keyB, ['ben@client.example', 'zoe@client.example'])
  async function setParameter(accountId: number, name: string, value: string) {
    await db
      .insertInto('system_parameters')
      .values({ account_id: accountId as never, name, value, updated_at: now })
      .execute()
  }
  await setParameter(1, 'mail.bounce.alias', 'bounce')
  await setParameter(1, 'mail.catchall.domain', 'shop.example')

  return {
    suppressed,
    token: (id: number) => returnPaths.make(id),
    /** The delivery is on its way still, and `waits` looks later it has arrived. */
    async isUnderWay(id: number, waits: number) {
      const settle = (state: 'queued' | 'delivered') =>
        db
          .updateTable('deliveries')
          .set({ state })
          .where('id', '=', id as DeliveryId)
          .execute()
      await settle('queued')
      let left = waits
      meanwhile = async () => {
        left -= 1
        if (left === 0) await settle('delivered')
      }
    },
    later(ms: number) {
      time += ms
    },
    apply: (report: ReadReport, to: string) => {
      const address = parseAddress(to)
      assert.ok(address)
      return applyReport(
        {
          storage: { db, commit: storage.commit },
          clock: { sleep: () => meanwhile() },
          returnPaths,
          suppress(entry) {
            suppressed.push(entry)
            return []
          },
        },
        { report, addressedTo: [address], now: time },
      )
    },
    states: async () =>
      (await db.selectFrom('deliveries').select(['id', 'state', 'class']).orderBy('id').execute()).map(
        ({ id, state, class: why }) => [id, state, why],
      ),
    recipients: async () =>
      (await db.selectFrom('deliveries').select('recipient').orderBy('id').execute()).map(
        ({ recipient }) => recipient,
      ),
    events: async () =>
      (await db.selectFrom('events').select(['delivery_id', 'kind', 'class']).orderBy('id').execute()).map(
        ({ delivery_id, kind, class: why }) => [delivery_id, kind, why],
      ),
  }
}

const untouched = [
  [1001, 'delivered', null],
  [2001, 'delivered', null],
  [2002, 'delivered', null],
]

const nothingKnown = { messageIds: [], references: [], returnPaths: [] }

function status(
  recipient: Partial<ReportedRecipient> & { address: string },
  original: Partial<Extract<ReadReport, { kind: 'delivery-status' }>['original']> = {},
): ReadReport {
  return {
    kind: 'delivery-status',
    form: 'rfc3464',
    recipients: [
      { action: 'failed', status: '5.1.1', code: 550, text: '550 5.1.1 User unknown', ...recipient },
    ],
    text: '',
    original: { ...nothingKnown, ...original },
  }
}

function complaint(changes: Partial<Extract<ReadReport, { kind: 'complaint' }>> = {}): ReadReport {
  return {
    kind: 'complaint',
    feedbackType: 'abuse',
    userAgent: 'Test/1',
    originalRecipients: [],
    original: nothingKnown,
    ...changes,
  }
}

storageTest(
  'a proven hard bounce fails the delivery and suppresses the address, once',
  async (_t, storage) => {
    const world = await setUp(storage)
    const report = status({ address: 'LEA@client.example' })
    const first = await world.apply(report, world.token(1000))
    assert.equal(first.outcome, 'applied', first.steps.join('; '))
    assert.deepEqual((await world.states())[0], [1001, 'failed', 'invalid-recipient'])
    assert.deepEqual(await world.events(), [[1001, 'bounced', 'invalid-recipient']])
    assert.deepEqual(
      world.suppressed.map(({ keyId, address, reason }) => [keyId, address, reason]),
      [[keyA, 'lea@client.example', 'hard-bounce']],
    )
    const second = await world.apply(report, world.token(1000))
    assert.equal(second.outcome, 'already-known')
    assert.equal((await world.events()).length, 1)
    assert.equal(world.suppressed.length, 1)
  },
)

storageTest('a report that is faster than the note of its attempt waits for it', async (_t, storage) => {
  const world = await setUp(storage)
  await world.isUnderWay(1001, 2)
  const applied = await world.apply(status({ address: 'lea@client.example' }), world.token(1000))
  assert.equal(applied.outcome, 'applied', applied.steps.join('; '))
  assert.deepEqual((await world.states())[0], [1001, 'failed', 'invalid-recipient'])

  // It does not wait for ever.
  await world.isUnderWay(2001, 1_000)
  const report = status({ address: String((await world.recipients())[1]) })
  assert.equal((await world.apply(report, world.token(2000))).outcome, 'already-known')
})

const blocks: [name: string, recipient: Partial<ReportedRecipient>, becomes: string][] = [
  ['a block list', { status: '5.7.1', code: 554, text: '554 5.7.1 blocked using zen.spamhaus.org' }, 'dnsbl'],
  ['a policy', { status: '5.7.1', code: 550, text: '550 5.7.1 rejected for policy reasons' }, 'policy'],
  ['DMARC', { status: '5.7.26', code: 550, text: '550 5.7.26 DMARC check failed' }, 'auth-failed'],
  ['a full mailbox', { status: '5.2.2', code: 552, text: '552 5.2.2 mailbox full' }, 'mailbox-full'],
  [
    'a bare 550 after the message',
    { status: undefined as never, code: 550, text: '550 Administrative prohibition' },
    'unknown',
  ],
]

for (const [name, recipient, becomes] of blocks) {
  storageTest(`${name} fails the delivery and never suppresses`, async (_t, storage) => {
    const world = await setUp(storage)
    await world.apply(status({ address: 'lea@client.example', ...recipient }), world.token(1000))
    assert.deepEqual((await world.states())[0], [1001, 'failed', becomes])
    assert.deepEqual(world.suppressed, [])
  })
}

storageTest('delays and successes are events without consequence, told once', async (_t, storage) => {
  const world = await setUp(storage)
  const told = [
    ['delayed', 'delay-reported'],
    ['relayed', 'delivery-reported'],
    ['delivered', 'delivery-reported'],
    ['expanded', 'delivery-reported'],
  ] as const
  for (const [action] of [...told, ...told]) {
    await world.apply(status({ address: 'lea@client.example', action, text: 'x' }), world.token(1000))
  }
  assert.deepEqual(await world.states(), untouched)
  assert.deepEqual(
    await world.events(),
    told.map(([, kind]) => [1001, kind, null]),
  )
  assert.deepEqual(world.suppressed, [])
})

storageTest('what is forged, foreign or late changes nothing', async (_t, storage) => {
  const world = await setUp(storage)
  const lea = status({ address: 'lea@client.example' }, { messageIds: ['<m1000@shop.example>'] })
  const ben = status({ address: 'ben@client.example' }, { messageIds: ['<m2000@shop.example>'] })
  const genuine = world.token(2000)
  const forged = `${genuine.startsWith('b+a') ? 'b+b' : 'b+a'}${genuine.slice(3)}`
  const attempts: [name: string, ReadReport, to: string][] = [
    ['a forged token', ben, forged],
    ['no token at all', ben, 'hello@shop.example'],
    ['the bounce address of another account', ben, 'bounce@shop.example'],
    ['the token of another message', ben, world.token(1000).replace(/^b\+\w+/, 'b+777')],
    [
      'a token inside that is forged',
      status({ address: 'ben@client.example' }, { returnPaths: [forged] }),
      'x@y.example',
    ],
    ['an address that the message never went to', status({ address: 'eve@evil.example' }), genuine],
    [
      'a Message-ID without the address',
      status({ address: 'eve@evil.example' }, lea.kind === 'delivery-status' ? lea.original : {}),
      'bounce@shop.example',
    ],
    [
      'a complaint by Message-ID alone',
      complaint({
        original: { ...nothingKnown, messageIds: ['<m1000@shop.example>'] },
        originalRecipients: ['lea@client.example'],
      }),
      'bounce@shop.example',
    ],
    ['an automatic reply', { kind: 'auto-reply', why: 'Auto-Submitted: auto-replied' }, world.token(1000)],
    ['"this is no spam"', complaint({ feedbackType: 'not-spam' }), world.token(1000)],
    ['a redacted complaint about several recipients', complaint(), genuine],
  ]
  for (const [name, report, to] of attempts) {
    const { outcome } = await world.apply(report, to)
    assert.notEqual(outcome, 'applied', name)
  }
  const token = world.token(1000)
  world.later(31 * day)
  assert.equal((await world.apply(lea, token)).outcome, 'expired')
  world.later(200 * day)
  assert.equal((await world.apply(lea, token)).outcome, 'nothing-matched', 'the seal is too old')
  assert.deepEqual(await world.states(), untouched)
  assert.deepEqual(await world.events(), [])
  assert.deepEqual(world.suppressed, [])
})

storageTest(
  'a bounce to an account’s own address is matched by Message-ID, and does not suppress',
  async (_t, storage) => {
    const world = await setUp(storage)
    const report = status({ address: 'lea@client.example' }, { messageIds: ['<m1000@shop.example>'] })
    const { outcome, steps } = await world.apply(report, 'Bounce@shop.example')
    assert.equal(outcome, 'applied', steps.join('; '))
    assert.deepEqual((await world.states())[0], [1001, 'failed', 'invalid-recipient'])
    assert.deepEqual(world.suppressed, [])
  },
)

storageTest('the token decides where the address was forwarded, or cannot be read', async (_t, storage) => {
  const world = await setUp(storage)
  await world.apply(status({ address: 'lea.private@elsewhere.example' }), world.token(1000))
  const unreadable: ReadReport = {
    kind: 'delivery-status',
    form: 'plain',
    recipients: [],
    text: 'Something went wrong',
    original: nothingKnown,
  }
  await world.apply(
    status({ address: 'zoe.new@client.example', originalAddress: 'zoe@client.example' }),
    world.token(2000),
  )
  assert.equal((await world.apply(unreadable, world.token(2000))).outcome, 'nothing-matched')
  assert.deepEqual(await world.states(), [
    [1001, 'failed', 'invalid-recipient'],
    [2001, 'delivered', null],
    [2002, 'failed', 'invalid-recipient'],
  ])
})

storageTest(
  'an unreadable report about one recipient fails it as unknown, without suppression',
  async (_t, storage) => {
    const world = await setUp(storage)
    const report: ReadReport = {
      kind: 'delivery-status',
      form: 'plain',
      recipients: [],
      text: 'Something went wrong',
      original: nothingKnown,
    }
    await world.apply(report, world.token(1000))
    assert.deepEqual((await world.states())[0], [1001, 'failed', 'unknown'])
    assert.deepEqual(world.suppressed, [])
  },
)

storageTest(
  'a complaint with the token suppresses, once; the delivery stays delivered',
  async (_t, storage) => {
    const world = await setUp(storage)
    const redacted = complaint()
    assert.equal((await world.apply(redacted, world.token(1000))).outcome, 'applied')
    assert.equal((await world.apply(redacted, world.token(1000))).outcome, 'already-known')
    const inside = complaint({
      feedbackType: 'opt-out',
      originalRecipients: ['zoe@client.example'],
      original: { ...nothingKnown, returnPaths: [world.token(2000)] },
    })
    assert.equal((await world.apply(inside, 'fbl@shop.example')).outcome, 'applied')
    assert.deepEqual(await world.states(), untouched)
    assert.deepEqual(await world.events(), [
      [1001, 'complained', 'abuse'],
      [2002, 'complained', 'opt-out'],
    ])
    assert.deepEqual(
      world.suppressed.map(({ keyId, address, reason }) => [keyId, address, reason]),
      [
        [keyA, 'lea@client.example', 'complaint'],
        [keyB, 'zoe@client.example', 'unsubscribe'],
      ],
    )
  },
)
