/** `template` as people and scripts meet it, with a server running. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { startTestApp } from './app.ts'
import { temporaryFolder } from './storage.ts'

const program = fileURLToPath(new URL('../bin/paravion.js', import.meta.url))

const mjml = (words: string) =>
  `<mjml>\n<mj-body><mj-section><mj-column>\n<mj-text>${words}</mj-text>\n</mj-column></mj-section></mj-body>\n</mjml>\n`

test('templates are imported, shown, exported, replaced and deleted by command', async (t) => {
  const folder = temporaryFolder(t)
  await startTestApp(t, 'sqlite', { folder })
  const paravion = (...args: string[]) =>
    new Promise<{ status: number; out: string; err: string }>((resolve) => {
      const env = { PATH: process.env.PATH ?? '', PARAVION_DATA: folder }
      execFile(process.execPath, [program, 'template', ...args], { env }, (error, out, err) => {
        resolve({ status: error === null ? 0 : Number(error.code), out, err })
      })
    })
  const file = join(folder, 'Welcome.mjml')
  writeFileSync(file, mjml('Hello {{var:name:"you"}}'))
  const made = await paravion('import', file, '--subject', 'Hi', '--from', 'hello@shop.example')
  assert.equal(made.err, '')
  assert.match(made.out, /^Template \d+ 'Welcome' has version 1\.\n$/)
  const twice = await paravion('import', file)
  assert.equal(twice.status, 1)
  assert.match(twice.err, /there is a template 'Welcome' already/)
  writeFileSync(file, mjml('Hello again'))
  assert.match((await paravion('import', file, '--replace')).out, /has version 2\.\n$/)

  assert.match((await paravion('list')).out, /Welcome +mjml +transactional +2 /)
  const shown = await paravion('show', 'Welcome')
  assert.match(shown.out, /Subject +Hi\n/)
  assert.match(shown.out, /HTML +\d+ characters, made from the MJML\n/)
  assert.match(shown.out, /\n\nHello again\n$/)
  assert.equal((await paravion('export', 'Welcome', '--part', 'mjml')).out, mjml('Hello again'))

  const exported = join(folder, 'export.json')
  writeFileSync(exported, (await paravion('export', 'Welcome')).out)
  assert.match((await paravion('import', exported, '--name', 'Copy')).out, /'Copy' has version 1/)
  const copy = JSON.parse((await paravion('show', 'Copy', '--json')).out) as {
    content: { mjml: string; html: string; headers: object }
  }
  assert.equal(copy.content.mjml, mjml('Hello again'))
  assert.match(copy.content.html, /Hello again/)
  assert.deepEqual(copy.content.headers, { Subject: 'Hi', From: 'hello@shop.example' })

  // What replaces a template is all of it.
  const partsOf = async (name: string) => {
    const { content } = JSON.parse((await paravion('show', name, '--json')).out) as {
      content: Record<'mjml' | 'html' | 'text', string | null>
    }
    return [content.mjml, content.html, content.text]
  }
  writeFileSync(join(folder, 'Été.mjml'), mjml('Hello'))
  writeFileSync(join(folder, 'Été.html'), '<p>Bonjour</p>')
  writeFileSync(join(folder, 'Été.txt'), 'Salut')
  await paravion('import', join(folder, 'Été.mjml'))
  assert.match((await paravion('import', join(folder, 'Été.html'), '--replace')).out, /'Été' has version 2/)
  assert.deepEqual(await partsOf('Été'), [null, '<p>Bonjour</p>', 'Bonjour'])
  assert.match((await paravion('import', join(folder, 'Été.txt'), '--replace')).out, /'Été' has version 3/)
  assert.deepEqual(await partsOf('Été'), [null, null, 'Salut'])
  assert.match((await paravion('delete', 'Été')).out, /'Été' is deleted/)

  assert.match((await paravion('delete', 'Welcome')).out, /'Welcome' is deleted/)
  const gone = await paravion('show', 'Welcome')
  assert.deepEqual(
    [gone.status, gone.err],
    [1, "paravion: there is no template 'Welcome'; see: paravion template list\n"],
  )
  writeFileSync(file, mjml('x').replace('<mj-text>', '<mj-text colour="red">'))
  assert.match((await paravion('import', file)).err, /line 3: mj-text: .*colour/)
  writeFileSync(join(folder, 'x.pdf'), '')
  assert.match(
    (await paravion('import', join(folder, 'x.pdf'))).err,
    /none of \.mjml, \.html, \.txt and \.json/,
  )
})
