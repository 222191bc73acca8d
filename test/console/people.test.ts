/** People: invitations, roles, the own password, two-factor, the audit log. */
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { browserTest, openBrowser, owner, signIn } from '../browser.ts'
import { assertAccessible } from '../browser-axe.ts'

browserTest('a viewer is invited, chooses a password, and may look only', async (t, app, { page, goTo }) => {
  await goTo('/users')
  await page.getByRole('button', { name: 'Invite somebody' }).click()
  await page.getByLabel('E-mail address').fill('vera@shop.example')
  await assertAccessible(page)
  await page.getByRole('button', { name: 'Make the invitation' }).click()
  const link = await page.getByRole('status').locator('code').innerText()
  await page.getByRole('row', { name: /vera@shop\.example.*Viewer.*Invited/ }).waitFor()
  await assertAccessible(page)

  const vera = await openBrowser(t, app)
  await vera.page.goto(link)
  await vera.page.getByText('For vera@shop.example').waitFor()
  await vera.page.getByLabel(/^Password(?! again)/).fill('eleven quiet boats')
  await vera.page.getByLabel('Password again').fill('eleven quiet boats')
  await vera.page.getByRole('button', { name: 'Save the password' }).click()
  await vera.page.getByRole('link', { name: 'Sign in' }).click()
  await signIn(vera, { email: 'vera@shop.example', password: 'eleven quiet boats' })
  const menu = vera.page.getByRole('navigation')
  await menu.getByRole('link', { name: 'Messages' }).waitFor()
  assert.equal(await menu.getByRole('link', { name: 'Users' }).count(), 0)
  await vera.goTo('/account/setup')
  await vera.page.getByRole('button', { name: 'Retrieve your API credentials' }).click()
  assert.equal(await vera.page.getByRole('button', { name: 'Generate Secret Key' }).isDisabled(), true)

  await page.getByRole('button', { name: 'Actions for vera@shop.example' }).click()
  await page.getByRole('menuitem', { name: 'Remove' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
  await page.getByRole('row', { name: /vera/ }).waitFor({ state: 'detached' })
  await goTo('/audit')
  await page.getByRole('cell', { name: 'POST /users', exact: true }).waitFor()
  await assertAccessible(page)
})

browserTest(
  'two-factor is turned on, asked for, and a recovery code works once',
  async (_t, _app, person) => {
    const { page, goTo } = person
    await goTo('/profile')
    await assertAccessible(page)
    await page.getByLabel('Your password').fill(owner.password)
    await page.getByRole('button', { name: 'Turn it on' }).click()
    const secret = (await page.locator('code').first().innerText()).replaceAll(' ', '')
    await page.getByLabel('First code of the app').fill(totp(secret))
    await page.getByRole('button', { name: 'Confirm' }).click()
    await page.getByText('10 recovery codes left').waitFor()
    const [recovery = ''] = (await page.getByRole('status').locator('pre').innerText()).split('\n')
    await assertAccessible(page)

    const signOut = async () => {
      await page.getByRole('button', { name: `Account of ${owner.email}` }).click()
      await page.getByRole('menuitem', { name: 'Sign out' }).click()
    }
    const begin = async () => {
      await page.getByLabel('E-mail').fill(owner.email)
      await page.getByLabel(/^Password/).fill(owner.password)
      await page.getByRole('button', { name: 'Sign in' }).click()
    }
    for (const isAccepted of [true, false]) {
      await signOut()
      await begin()
      await page.getByLabel('Code of your authenticator app').fill(recovery)
      await page.getByRole('button', { name: 'Sign in' }).click()
      if (isAccepted) await page.getByRole('button', { name: `Account of ${owner.email}` }).waitFor()
      else await page.getByText('This code is wrong').waitFor()
      if (!isAccepted) break
    }
  },
)

browserTest('the own password is changed, and other sessions end', async (t, app, { page, goTo }) => {
  const other = await openBrowser(t, app)
  await signIn(other)
  await goTo('/profile')
  await page.getByLabel('Current password').fill(owner.password)
  await page.getByLabel('New password').fill('twelve loud geese')
  await page.getByRole('button', { name: 'Change the password' }).click()
  await page.getByText('Your other sessions have ended').waitFor()
  await other.page.getByRole('link', { name: 'Lab', exact: true }).click()
  await other.page.getByRole('heading', { name: 'Sign in' }).waitFor()
})

/** RFC 6238, as an authenticator app does it. */
function totp(secret: string): string {
  const bits = [...secret]
    .map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'))
    .join('')
  const key = Buffer.from(bits.match(/.{8}/g)?.map((byte) => Number.parseInt(byte, 2)) ?? [])
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)))
  const hash = createHmac('sha1', key).update(counter).digest()
  const offset = (hash.at(-1) ?? 0) & 15
  return String((hash.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}
