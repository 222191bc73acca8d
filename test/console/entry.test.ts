/** Coming in: the first start, signing in and out, and what the page weighs. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { startTestApp } from '../app.ts'
import { browserMissing, browserTest, makeOwner, openBrowser, owner, signIn } from '../browser.ts'
import { assertAccessible } from '../browser-axe.ts'

test('the link of the first start makes the owner, once', { skip: browserMissing }, async (t) => {
  const app = await startTestApp(t)
  const { page } = await openBrowser(t, app)
  await page.goto('/')
  await page.getByText('Nobody may sign in yet').waitFor()

  const { pathname, hash } = new URL(app.ready.setupUrl ?? '')
  await page.goto(pathname + hash)
  // The same document with another hash: what is shown follows only a load.
  await page.reload()
  await assertAccessible(page)
  await page.getByLabel('Name').fill('Ada')
  await page.getByLabel('E-mail').fill(owner.email)
  await page.getByLabel(/^Password(?! again)/).fill('password1234')
  await page.getByLabel('Password again').fill('password1234x')
  await page.getByRole('button', { name: 'Create the account' }).click()
  await page.getByText('The two passwords differ').waitFor()
  await page.getByLabel('Password again').fill('password1234')
  await page.getByRole('button', { name: 'Create the account' }).click()
  await page.getByRole('alert').waitFor()
  assert.match(await page.getByRole('alert').innerText(), /password/)

  await page.getByLabel(/^Password(?! again)/).fill(owner.password)
  await page.getByLabel('Password again').fill(owner.password)
  await page.getByRole('button', { name: 'Create the account' }).click()
  await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor()
  assert.equal(new URL(page.url()).hash, '')

  await page.getByRole('button', { name: `Account of ${owner.email}` }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  await page.goto(pathname + hash)
  await page.reload()
  await page.getByLabel('E-mail').fill('eve@shop.example')
  await page.getByLabel(/^Password(?! again)/).fill(owner.password)
  await page.getByLabel('Password again').fill(owner.password)
  await page.getByRole('button', { name: 'Create the account' }).click()
  await page.getByRole('alert').waitFor()
})

test('a wrong password is told, and another language and look are kept', {
  skip: browserMissing,
}, async (t) => {
  const app = await startTestApp(t)
  await makeOwner(app)
  const person = await openBrowser(t, app)
  const { page } = person
  await page.goto('/messages')
  await assertAccessible(page)
  await page.getByLabel('E-mail').fill(owner.email)
  await page.getByLabel(/^Password/).fill('seven red kites')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByText('The e-mail address or the password is wrong').waitFor()
  await signIn(person)

  await page.getByRole('button', { name: `Account of ${owner.email}` }).click()
  await page.getByRole('menuitem', { name: 'Français' }).click()
  await page.getByRole('navigation').getByRole('link', { name: 'File d’attente' }).waitFor()
  await page.getByRole('button', { name: `Compte de ${owner.email}` }).click()
  await page.getByRole('menuitem', { name: 'Sombre' }).click()
  await page.reload()
  await page.getByRole('navigation').getByRole('link', { name: 'File d’attente' }).waitFor()
  assert.equal(await page.locator('html').getAttribute('lang'), 'fr')
  assert.equal(await page.locator('html').getAttribute('data-mantine-color-scheme'), 'dark')
})

browserTest(
  'a session that was ended elsewhere leads back to the sign-in page',
  async (_t, app, { page }) => {
    await app.admin('POST', `/api/users/${owner.email}/reset-password`)
    await page.getByRole('link', { name: 'Lab', exact: true }).click()
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  },
)

test('the first view needs less than 200 KB of script', { skip: browserMissing }, async (t) => {
  const app = await startTestApp(t)
  await makeOwner(app)
  const person = await openBrowser(t, app)
  const loaded = new Set<string>()
  person.page.on('response', (response) => {
    if (response.request().resourceType() === 'script') loaded.add(new URL(response.url()).pathname)
  })
  await signIn(person)
  await person.page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor()
  assert.ok(loaded.size > 0)
  const bytes = [...loaded]
    .map((path) => gzipSync(readFileSync(new URL(`../../dist/web${path}`, import.meta.url))).length)
    .reduce((sum, one) => sum + one, 0)
  t.diagnostic(`script of the first view: ${Math.round(bytes / 1024)} KB gzipped`)
  assert.ok(bytes < 200 * 1024, `${bytes} bytes`)
})
