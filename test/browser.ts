/** Real Chromium for tests of the console. Debian's; where there is none, the tests are skipped and say so. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import { startTestApp, type TestApp, type TestAppOptions } from './app.ts'
import { cleanUp } from './storage.ts'

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const executablePath = process.env.PARAVION_TEST_BROWSER ?? places.find((path) => existsSync(path))

export const browserMissing =
  executablePath === undefined
    ? 'no browser: install Debian’s package chromium, or name one in PARAVION_TEST_BROWSER'
    : false

export type Person = {
  page: Page
  /** Goes to an address of the console and waits until the page is there. */
  goTo(path: string): Promise<void>
}

const maxShownChars = 4_000

export const owner = { email: 'ada@shop.example', password: 'seven green kites', name: 'Ada' }

/** Registers a test with the whole program and a browser in which the owner is signed in. */
export function browserTest(
  name: string,
  run: (t: TestContext, app: TestApp, person: Person) => Promise<void>,
  options: TestAppOptions & BrowserOptions = {},
) {
  test(name, { skip: browserMissing }, async (t) => {
    const app = await startTestApp(t, 'sqlite', options)
    await makeOwner(app)
    const person = await openBrowser(t, app, options)
    await signIn(person)
    try {
      await run(t, app, person)
    } catch (error) {
      t.diagnostic(await whatIsShown(person.page))
      throw error
    }
  })
}

/** What a person would see, for whoever reads why a test failed. */
async function whatIsShown(page: Page): Promise<string> {
  try {
    const shown = await page.locator('body').ariaSnapshot({ timeout: 2_000 })
    return `the page was ${page.url()} and showed:\n${shown.slice(0, maxShownChars)}`
  } catch (error) {
    return `what the page ${page.url()} showed cannot be told: ${String(error)}`
  }
}

export type BrowserOptions = {
  width?: number
  height?: number
  language?: 'en' | 'fr'
  scheme?: 'light' | 'dark'
}

/** A window on the console of `app`. Whatever goes wrong in the page fails the test. */
export async function openBrowser(
  t: TestContext,
  app: TestApp,
  { width = 1280, height = 900, language = 'en', scheme = 'light' }: BrowserOptions = {},
): Promise<Person> {
  assert.ok(
    existsSync(fileURLToPath(new URL('../dist/web/index.html', import.meta.url))),
    'the console is not built: run npm run build',
  )
  const browser = await chromium.launch({
    ...(executablePath !== undefined && { executablePath }),
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  })
  const context: BrowserContext = await browser.newContext({
    ...{ baseURL: app.ready.url ?? '', locale: language, colorScheme: scheme },
    viewport: { width, height },
    reducedMotion: 'reduce',
    permissions: ['clipboard-read', 'clipboard-write'],
  })
  const page = await context.newPage()
  page.setDefaultTimeout(15_000)
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(`script: ${error.message}`))
  page.on('console', (message) => {
    // A refused call is shown by the page; what the browser itself says of it is no fault of the page.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) {
      problems.push(`console: ${message.text()}`)
    }
  })
  page.on('request', (request) => {
    const { hostname, protocol } = new URL(request.url())
    if (protocol.startsWith('http') && hostname !== '127.0.0.1') problems.push(`asked ${request.url()}`)
  })
  cleanUp(t, async () => {
    await browser.close()
    assert.deepEqual(problems, [], 'what went wrong in the page')
  })
  return {
    page,
    async goTo(path) {
      await page.goto(path)
      await page.locator('main h1').first().waitFor()
    },
  }
}

/** The first owner, by the link that the start has made. */
export async function makeOwner(app: TestApp): Promise<void> {
  const token = app.ready.setupUrl?.split('#')[1] ?? ''
  const answer = await fetch(`${app.ready.url}/api/setup`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token, ...owner }),
  })
  assert.equal(answer.status, 201, await answer.text())
}

export async function signIn(
  { page }: Person,
  { email, password }: { email: string; password: string } = owner,
): Promise<void> {
  await page.goto('/')
  await page.getByLabel('E-mail').fill(email)
  await page.getByLabel(/^(Password|Mot de passe)/).fill(password)
  await page.getByRole('button', { name: /^(Sign in|Se connecter)$/ }).click()
  await page.getByRole('navigation').first().waitFor({ state: 'attached' })
}
