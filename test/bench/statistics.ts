/**
 * How long it takes to read statistics when there were ten million events, by the calls that the console makes, and
 * how fast events are counted. `node bin/with-node24.js test/bench/statistics.ts [EVENTS TO COUNT]`
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AdminRoute, readQueryOf } from '../../src/http/admin/route.ts'
import { statsRoutes } from '../../src/http/admin/stats.ts'
import type { KeyId } from '../../src/mail/ids.ts'
import { systemClock } from '../../src/runtime/clock.ts'
import { silentLog } from '../../src/runtime/log.ts'
import { foldEvents } from '../../src/stats/fold.ts'
import { contactStatistics } from '../../src/stats/of-contacts.ts'
import { readSumOfKeys } from '../../src/stats/read.ts'
import { openStorage } from '../../src/storage/open.ts'
import type { Storage } from '../../src/storage/storage.ts'
import {
  campaignsPerKey,
  events,
  fillContacts,
  fillCounters,
  fillEvents,
  fillLinks,
  fillSources,
  keys,
  now,
} from './fill-statistics.ts'

const day = 86_400_000
const contacts = 200_000
const deliveriesOfFirst = 20_000
const toCount = Number(process.argv[2] ?? 100_000)

async function time(name: string, work: () => Promise<unknown>): Promise<void> {
  const times: number[] = []
  for (let i = 0; i < 21; i++) {
    const began = performance.now()
    await work()
    times.push(performance.now() - began)
  }
  const [first = 0] = times
  const sorted = times.toSorted((a, b) => a - b)
  console.log(
    `${name}: first ${first.toFixed(1)} ms, median ${sorted[10]?.toFixed(1)} ms, worst ${sorted[20]?.toFixed(1)} ms`,
  )
}

/** Calls a route as the server does, without the network. */
function callerOf(routes: readonly AdminRoute[]) {
  return async (url: string): Promise<unknown> => {
    const path = url.split('?', 1)[0] ?? ''
    const id = /^\/stats\/campaigns\/(\d+)$/.exec(path)?.[1]
    const route = routes.find((one) => one.path === (id === undefined ? path : '/stats/campaigns/{id}'))
    if (route === undefined) throw new Error(`there is no route ${path}`)
    return route.handle({
      params: id === undefined ? {} : { id },
      query: readQueryOf(route, url),
      body: undefined,
      signal: new AbortController().signal,
      caller: { kind: 'operator' },
      client: { address: '127.0.0.1', userAgent: '', accept: '', baseUrl: '' },
      setSession: () => undefined,
      about: () => undefined,
      actAs: () => undefined,
    })
  }
}

async function countAll(storage: Storage, name: string): Promise<void> {
  const lookups = { senderOf: async () => 3_001, hasList: async () => false }
  const began = performance.now()
  let counted = 0
  for (;;) {
    const step = await foldEvents(storage, { lookups })
    counted += step.counted
    if (!step.isMore) break
  }
  const seconds = (performance.now() - began) / 1000
  console.log(
    `${counted} events of mail to ${name} counted in ${seconds.toFixed(1)} s: ${Math.round(counted / seconds)} a second`,
  )
}

const folder = mkdtempSync(join(tmpdir(), 'paravion-bench-'))
const storage = await openStorage({ kind: 'sqlite', folder, log: silentLog, clock: systemClock })
try {
  await fillSources(storage)
  const counters = await fillCounters(storage)
  const links = await fillLinks(storage)
  await fillContacts(storage, contacts, deliveriesOfFirst)
  console.log(`${counters} counters, ${links} links and ${contacts} contacts, for ${events} events`)
  const { db } = storage
  const get = callerOf(statsRoutes({ storage, statistics: { fresh: async () => true }, clock: systemClock }))
  const span = (days: number) => `from=${now - days * day}&to=${now + day - 1}`
  for (const [name, url] of [
    ['30 days', `/stats?key=3&resolution=day&${span(29)}`],
    ['30 days by event', `/stats?key=3&resolution=day&timing=event&${span(29)}`],
    ['a year', `/stats?key=3&resolution=day&${span(365)}`],
    ['40 days by hours', `/stats?key=3&resolution=hour&from=${now - 40 * day}&to=${now}`],
    ['3 days by 5 minutes', `/stats?key=3&resolution=five-minutes&from=${now - 3 * day}&to=${now}`],
    ['the 100 links followed most', '/stats/links?key=3'],
    ['providers, programs, countries', '/stats/readers?key=3'],
    ['senders in 30 days', `/stats/senders?key=3&resolution=day&${span(29)}`],
    ['senders in 40 days by hours', `/stats/senders?key=3&resolution=hour&from=${now - 40 * day}&to=${now}`],
    ['50 campaigns', '/stats/campaigns?key=3'],
    [`a name among ${campaignsPerKey}`, '/stats/campaigns?key=3&search=paign%2077'],
    ['a campaign', '/stats/campaigns/3000?key=3'],
    ['a campaign over time', `/stats?key=3&campaign=3000&timing=event&resolution=hour&from=${now - 3 * day}`],
    ['its providers, programs, countries', '/stats/readers?key=3&campaign=3000'],
  ] as const) {
    await time(`GET /api${url.split('?')[0]}, ${name}`, () => get(url))
  }
  await time(`overview: 720 hours of ${keys} keys`, () =>
    readSumOfKeys(db, { resolution: 'hour', from: now - 30 * day, to: now }),
  )
  const keyId = 1 as KeyId
  const page = { limit: 10, offset: 0, sort: { by: 'id', descending: false } } as const
  await time('a contact', () => contactStatistics(db, { keyId, email: 'reader777@inbox.example' }, page))
  await time(`a contact with ${deliveriesOfFirst} messages`, () =>
    contactStatistics(db, { keyId, email: 'reader0@inbox.example' }, page),
  )
  await time('1,000 contacts', () => contactStatistics(db, { keyId }, { ...page, limit: 1_000, offset: 1 }))
  await time(`the 10 of ${contacts} contacts with most messages`, () =>
    contactStatistics(db, { keyId }, { ...page, sort: { by: 'processed', descending: true } }),
  )
  await fillEvents(storage, { count: toCount, firstId: 200_000_000, toContacts: false })
  await countAll(storage, 'strangers')
  await fillEvents(storage, { count: toCount, firstId: 300_000_000, toContacts: true })
  await countAll(storage, 'contacts')
} finally {
  await storage.stop()
  rmSync(folder, { recursive: true, force: true })
}
