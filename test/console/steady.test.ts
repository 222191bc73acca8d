/** What a person is about to click stays where it is while the rest of the page comes. */
import assert from 'node:assert/strict'
import type { Page } from 'playwright-core'
import { browserTest } from '../browser.ts'

/** Those that are put together from several answers, or have a part that is fetched late. */
const pages = [
  '/',
  '/messages',
  '/queue',
  '/statistics',
  '/statistics/campaigns',
  '/account',
  '/account/domain/shop.example',
  '/account/webhooks',
  '/contacts',
  '/campaigns',
  '/settings',
]

for (const [screen, size] of [
  ['a desk', {}],
  ['a phone', { width: 390, height: 800 }],
] as const) {
  browserTest(
    `nothing jumps while a page comes, on ${screen}`,
    async (_t, app, { page, goTo }) => {
      for (const who of ['lea', 'ben', 'missing']) await app.send({ to: `${who}@inbox.test` })
      await app.received('ben@inbox.test')
      await page.addInitScript(watchShifts)
      const jumping: string[] = []
      for (const path of pages) {
        await goTo(path)
        await page.waitForLoadState('networkidle')
        const { sum, words } = await shiftsOf(page)
        if (sum > 0) jumping.push(`${path}: ${sum}\n${words}`)
      }
      assert.deepEqual(jumping, [])
    },
    size,
  )
}

type Shifts = { sum: number; words: string }

/** In the page: this project's types know nothing of a browser. */
const watchShifts = `
  globalThis.shifts = { sum: 0, words: '' }
  new PerformanceObserver((list) => {
    for (const { value, sources } of list.getEntries()) {
      shifts.sum += value
      for (const { node, previousRect, currentRect } of sources) {
        const text = node?.textContent?.slice(0, 60)
        shifts.words += value + ' ' + node?.nodeName + ' "' + text + '" ' + previousRect.y + ' to ' + currentRect.y + '\\n'
      }
    }
  }).observe({ type: 'layout-shift', buffered: true })
`

async function shiftsOf(page: Page): Promise<Shifts> {
  return (await page.evaluate('shifts')) as Shifts
}
