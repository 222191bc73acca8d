import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Person } from '../contacts/persons.ts'
import type { ContactId } from '../mail/ids.ts'
import { textsOfMailing } from './compose-mailing.ts'
import { withFooter, withoutFooters, withTextFooter } from './footer.ts'
import { parseMailing, type RenderFacts, renderParts } from './render.ts'

const from = { name: 'Shop', address: { local: 'news', domain: 'shop.example' } }
const now = Date.UTC(2026, 4, 2)
const person: Person = {
  id: 7 as ContactId,
  email: 'ana@inbox.example',
  name: 'Ana',
  properties: { first: 'Ana', vip: true, line: 'a\r\nBcc: x@y.example' },
  lastOpenAt: now - 3 * 86_400_000,
  lastClickAt: null,
}
const facts: RenderFacts = {
  to: { name: 'Ana', address: { local: 'ana', domain: 'inbox.example' } },
  person,
  senderId: 3,
  links: {
    unsubscribe: 'https://t.example/u/T',
    online: 'https://t.example/v/T',
    shared: 'https://t.example/v/A',
    address: 'ana@inbox.example',
    fields: [],
  },
  now,
}

function rendered(texts: Parameters<typeof parseMailing>[0], { usesLanguage = true, who = facts } = {}) {
  return renderParts(parseMailing(texts, { from, usesLanguage }), who)
}

const cases: [name: string, source: string, becomes: string][] = [
  ['a property', 'Dear [[data:first]] and {{data:first}}', 'Dear Ana and Ana'],
  ['a default', '[[data:town:"there"]] {{data:town:"there"}}', 'there there'],
  ['nothing where there is neither', '[[data:town]]', ''],
  ['the contact', '{{mj:contact.email}} {{mj:contact.name}} {{mj:contact.id}}', 'ana@inbox.example Ana 7'],
  ['the sender', '{{mj:sender.email}} {{mj:sender.ID}}', 'news@shop.example 3'],
  [
    'the recipient and the ways out',
    '[[EMAIL_TO]] [[UNSUB_LINK_FR]] {{mj:unsub_link_de}}',
    'ana@inbox.example https://t.example/u/T?l=fr https://t.example/u/T?l=de',
  ],
  ['the online version', '[[PERMALINK]] {{mj:permalink}}', 'https://t.example/v/T https://t.example/v/T'],
  [
    'links that share it, as anybody sees it',
    '[[SHARE_FACEBOOK]] {{mj:share_twitter}} [[share_linkedin]] {{mj:share_google}}',
    'https://www.facebook.com/sharer/sharer.php?u=https%3A%2F%2Ft.example%2Fv%2FA https://twitter.com/intent/tweet?url=https%3A%2F%2Ft.example%2Fv%2FA https://www.linkedin.com/sharing/share-offsite/?url=https%3A%2F%2Ft.example%2Fv%2FA https://t.example/v/A',
  ],
  [
    'the page for leaving in English, where no language is named',
    '{{mj:unsub_link}}',
    'https://t.example/u/T?l=en',
  ],
  ['nothing where only an editor has words', '[[HEADLINE]][[delivery_info]][[POSTAL_ADDRESS]]', ''],
  ['the whole link', '[[PERMALINK_FULL_LINK]]', 'https://t.example/v/T'],
  [
    'conditions',
    '{% if data:vip %}vip{% else %}no{% endif %} {% if HasOpenedSince(7) %}o{% endif %}{% if HasClickedSince(7) %}c{% endif %}',
    'vip o',
  ],
]

for (const [name, source, becomes] of cases) {
  test(`in each part: ${name}`, () => {
    const result = rendered({ subject: source, html: source, text: source })
    assert.deepEqual(result, { texts: { subject: becomes, html: becomes, text: becomes } })
  })
}

test('without the template language braces stay, and brackets are replaced all the same', () => {
  const source = '{{data:first}} [[data:first]]'
  const becomes = '{{data:first}} Ana'
  assert.deepEqual(rendered({ subject: source, html: source }, { usesLanguage: false }), {
    texts: { subject: becomes, html: becomes },
  })
})

test('what cannot be rendered is a problem that names the part, and no half of a mail', () => {
  assert.match(
    JSON.stringify(rendered({ subject: 'x', html: '{{data:nothing}}' })),
    /"problem":"html: .*data:nothing/,
  )
  assert.match(JSON.stringify(rendered({ subject: '{% if %}', html: 'x' })), /"problem":"subject: /)
})

test('why it cannot be made shows what the author wrote, and not the marks of links', () => {
  const html = '<p>x</p>{% if\n<a href="https://shop.example/?m={{data:first}}">Shop</a>'
  const result = rendered({ subject: 'x', html })
  assert.ok('problem' in result)
  assert.match(result.problem, /^html: .*near ## \{% if\n/s)
  assert.doesNotMatch(JSON.stringify([result.problem, result.fault.words]), /[\ufdd0-\ufdd3]/)
  const open = rendered({
    subject: 'x',
    html: '<p>{% if data:first %}<a href="https://shop.example/">Shop</a>',
  })
  assert.match(JSON.stringify(open), /"problem":"html: not valid template ## near ## [^"]*<a href=.{2}https:/)
})

test('a small template does not become a large mail', () => {
  const doubling = `{% set a = "abcdefghij" %}${'{% set a = a + a %}'.repeat(20)}{{a}}`
  assert.match(
    JSON.stringify(rendered({ subject: 'x', html: doubling })),
    /"problem":"html: .*More than 2\d{5} characters/,
  )
  const endless = '{% for a in Range(0,1000) %}{% for b in Range(0,1000) %}.{% endfor %}{% endfor %}'
  assert.match(JSON.stringify(rendered({ subject: 'x', html: endless })), /"problem":"html: /)
})

test('a value cannot end the subject', () => {
  const result = rendered({ subject: 'Hi [[data:line]]', text: 'x' })
  assert.equal('texts' in result && result.texts.subject, 'Hi a Bcc: x@y.example')
})

test('somebody of whom nothing is known gets the defaults', () => {
  const who = { ...facts, person: undefined }
  const result = rendered(
    { subject: '[[data:first:"you"]]', text: '{% if HasOpenedSince(7) %}o{% endif %}' },
    { who },
  )
  assert.deepEqual(result, { texts: { subject: 'you', text: '' } })
})

test('a way out is put in where there is none, in the language of the mail', () => {
  assert.match(
    withFooter('<html><body><p>a</p></BODY></html>', { locale: 'fr_FR', usesLanguage: true }),
    /<p>a<\/p><p style=[^>]+>Ce message .* <a href="\[\[UNSUB_LINK_FR\]\]"[^>]*>Se désabonner<\/a><\/p><\/BODY>/,
  )
  for (const own of ['<a href="[[UNSUB_LINK_EN]]">x</a>', '{{mj:unsub_link}}', '[[unsub_link]]']) {
    assert.equal(withFooter(own, { locale: 'en_US', usesLanguage: true }), own)
  }
  assert.match(
    withTextFooter('a\n\n', { locale: 'xx', usesLanguage: true }),
    /^a\n\n-- \nThis mail was sent to \[\[EMAIL_TO\]\]\.\nUnsubscribe: \[\[UNSUB_LINK_EN\]\]\n$/,
  )
})

test('a placeholder that is never replaced is no way out', () => {
  const mailing = { subject: 'S', locale: 'en_US' }
  const parts = { html: '<a href="{{mj:unsub_link_en}}">x</a>', text: 'Leave: {{ mj:unsub_link }}' }
  const on = textsOfMailing(mailing, { ...parts, headers: {} })
  assert.deepEqual(on, { subject: 'S', ...parts })
  const off = textsOfMailing(mailing, { ...parts, headers: { 'X-MJ-TemplateLanguage': '0' } })
  assert.match(off.html ?? '', /^<a href="\{\{mj:unsub_link_en\}\}">x<\/a><p .*href="\[\[UNSUB_LINK_EN\]\]"/)
  assert.match(off.text ?? '', /^Leave: .*\n\n-- \n.*\nUnsubscribe: \[\[UNSUB_LINK_EN\]\]\n$/)
  const own = { html: '<a href="[[UNSUB_LINK_EN]]">x</a>', text: '[[UNSUB_LINK]]' }
  const stays = textsOfMailing(mailing, { ...own, headers: { 'X-MJ-TemplateLanguage': '0' } })
  assert.deepEqual(stays, { subject: 'S', ...own })
})

test('the words for leaving are taken out again for whoever has got no mail', () => {
  for (const locale of ['en_US', 'fr_FR', 'ja_JP']) {
    const how = { locale, usesLanguage: true }
    const texts = { html: withFooter('<body>a</body>', how), text: withTextFooter('a', how) }
    assert.deepEqual(withoutFooters(texts), { html: '<body>a</body>', text: 'a\n' })
  }
  const own = { html: '<p>a <a href="[[UNSUB_LINK_EN]]">Leave</a></p>' }
  assert.deepEqual(withoutFooters(own), own)
})
