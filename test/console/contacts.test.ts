/** Contacts in the console: a list, an import that one watches, a segment that is counted. */
import assert from 'node:assert/strict'
import { browserTest } from '../browser.ts'
import { assertAccessible } from '../browser-axe.ts'

browserTest(
  'a list is made, filled from a CSV file, and a segment of it counted',
  async (_t, _app, person) => {
    const { page, goTo } = person
    await goTo('/contacts')
    await page.getByText('No list yet').waitFor()
    await page.getByRole('button', { name: 'Create a list' }).click()
    await page.getByLabel('Name').fill('Readers')
    await page.getByRole('button', { name: 'Create', exact: true }).click()
    await page.getByRole('button', { name: 'Import', exact: true }).click()
    const csv =
      'email,Name,age,city\nann@inbox.test,Ann,31,Lyon\nbob@inbox.test,Bob,52,Lyon\nnobody,X,1,Nice\n'
    await page
      .locator('input[type=file]')
      .setInputFiles({ name: 'people.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) })
    await page.locator('input[role=combobox][value="Name"]').waitFor()
    assert.equal(await page.getByRole('combobox', { name: 'Column with the name' }).inputValue(), 'Name')
    await assertAccessible(page)
    await page.getByRole('button', { name: 'Start the import' }).click()
    await page.getByText('Completed').waitFor()
    await page.getByText('3 lines, 1 refused').waitFor()
    await page.getByText('New properties: age (whole number), city (text)').waitFor()
    await page.getByText('2 members').waitFor()
    const download = page.waitForEvent('download')
    await page.getByRole('link', { name: 'Refused lines (CSV)' }).click()
    assert.match((await download).suggestedFilename(), /csv$/)
    await assertAccessible(page)

    await page.getByRole('link', { name: 'Readers' }).click()
    await page.getByText('ann@inbox.test').waitFor()
    await page.getByLabel('Formula').fill('(city="Lyon") and (email<>"x")')
    await page.getByRole('button', { name: 'Count', exact: true }).click()
    await page.getByRole('alert').or(page.getByRole('status')).first().waitFor()
    await page.getByLabel('Formula').fill('city="Lyon"')
    await page.getByRole('button', { name: 'Count', exact: true }).click()
    await page.getByRole('status').getByText('2 contacts').waitFor()
    await assertAccessible(page)

    await goTo('/contacts')
    await page.getByRole('button', { name: 'Import', exact: true }).click()
    await page.locator('input[type=file]').setInputFiles({
      name: 'gone.csv',
      mimeType: 'text/csv',
      buffer: Buffer.from('email\nbob@inbox.test\n'),
    })
    await page.getByRole('combobox', { name: 'What to do with each contact' }).click()
    await page.getByRole('option', { name: 'Unsubscribe from the list' }).click()
    await page.getByRole('button', { name: 'Start the import' }).click()
    await page.getByText('1 members · 1 left').waitFor()
    await page.getByRole('link', { name: 'Readers' }).click()
    await page.getByText('bob@inbox.test').waitFor()
    assert.equal(await page.getByText('Has left').count(), 1)
    await assertAccessible(page)
  },
)
