/** The points to begin from compile, render, and say nothing that is not theirs. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { renderPreview } from '../src/intake/preview.ts'
import { compileMjml } from '../src/templates/mjml.ts'
import { createContentRunner, usualContentLimits } from '../src/templates/run-in-process.ts'
import { starter, starterNames } from '../web/pages/templates/starters.ts'
import { languages } from '../web/texts/define.ts'

const runner = createContentRunner({ ...usualContentLimits, taskMs: 60_000 })
after(() => runner.stop())

const ana = { name: 'Ana', address: { local: 'ana', domain: 'a.test' } }

for (const name of starterNames) {
  for (const language of languages) {
    test(`${name} in ${language}`, async () => {
      const { mjml, subject, variables } = starter(name, language)
      const { html, problems } = await compileMjml(mjml, { owner: 'test' }, runner)
      assert.deepEqual(problems, [])
      const preview = renderPreview(
        { mjml, html, text: null, headers: { Subject: subject } },
        { language: true, variables, from: ana, to: ana, data: undefined, now: 0 },
      )
      assert.deepEqual(preview.problems, [])
      assert.doesNotMatch(`${preview.subject}${preview.html}`, /\{\{|\{%|undefined/)
      const addresses = [...html.matchAll(/(?:https?:)?\/\/([\w.-]+)/g)].map(([, host]) => host)
      assert.deepEqual(
        [...new Set(addresses)].filter((host) => host !== 'shop.example' && host !== 'www.w3.org'),
        [],
      )
    })
  }
}
