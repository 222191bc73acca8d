/** `contact` as people and scripts meet it, with a server running. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { startTestApp } from './app.ts'
import { temporaryFolder } from './storage.ts'

const program = fileURLToPath(new URL('../bin/paravion.js', import.meta.url))

test('a file is imported, listed and exported by command', async (t) => {
  const folder = temporaryFolder(t)
  await startTestApp(t, 'sqlite', { folder })
  const paravion = (...args: string[]) =>
    new Promise<{ status: number; out: string; err: string }>((resolve) => {
      const env = { PATH: process.env.PATH ?? '', PARAVION_DATA: folder }
      execFile(process.execPath, [program, 'contact', ...args], { env }, (error, out, err) => {
        resolve({ status: error === null ? 0 : Number(error.code), out, err })
      })
    })
  const file = join(folder, 'people.csv')
  writeFileSync(file, 'email,who,born\nana@a.test,Ana,05/03/1990\nbroken,X,\n')
  const none = await paravion('import', 'Readers', file)
  assert.deepEqual(none, {
    status: 1,
    out: '',
    err: "paravion: there is no contact list 'Readers'; see: paravion contact lists\n",
  })
  const imported = await paravion('import', 'Readers', file, '--create', '--name-column', 'who')
  assert.equal(imported.err, '')
  assert.equal(
    imported.out,
    '2 records, 1 of them refused.\nNew properties: born (str).\nemail,who,born,error\nbroken,X,,###Invalid email address###email\n',
  )
  const misspelt = await paravion('import', 'Readers', file, '--name-column', 'ful')
  assert.deepEqual(
    [misspelt.status, misspelt.err],
    [
      1,
      "paravion: the import ended after 0 records: the file has no column 'ful' for the names of contacts; its columns are: email, who, born\n",
    ],
  )
  assert.match((await paravion('lists')).out, /Readers +1 +0 /)
  const listed = JSON.parse((await paravion('list', '--list', 'Readers', '--json')).out) as { name: string }[]
  assert.deepEqual(
    listed.map(({ name }) => name),
    ['Ana'],
  )
  const exported = await paravion('export', 'Readers', '--formula', 'IsProvided(born)')
  assert.equal(exported.out, 'email,contact_name,list_status,born\nana@a.test,Ana,subscribed,05/03/1990\n')
  writeFileSync(file, 'email,kids,seen\nben@a.test,2,2026-03-08\n')
  const typed = await paravion('import', 'Readers', file, '--type', 'seen:datetime', '--method', 'unsub')
  assert.equal(typed.out, '1 records, 0 of them refused.\nNew properties: kids (int), seen (datetime).\n')
  assert.match((await paravion('list', '--list', 'Readers')).out, /ben@a\.test +left the list \d{4}-/)
  assert.match((await paravion('lists')).out, /Readers +1 +1 /)
  assert.equal((await paravion('properties')).out, 'NAME  TYPE\nborn  str\nkids  int\nseen  datetime\n')
  assert.match((await paravion('remove-property', 'Kids')).out, /^The property kids is removed/)
  assert.match((await paravion('remove-property', 'kids')).err, /there is no property 'kids'; see: paravion/)
  const untyped = await paravion('import', 'Readers', file, '--type', 'seen:day')
  assert.match(
    untyped.err,
    /^paravion: --type is "seen:day"; it should be a column, a colon and one of str, int,/,
  )
  const wrong = await paravion('import', 'Readers', file, '--method', 'dance')
  assert.match(wrong.err, /^paravion: method: 'dance' is not known here; it should be one of addforce, /)
})
