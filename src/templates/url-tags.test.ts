import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { addUrlTags } from './url-tags.ts'

const tags = 'a=1&b=%20x'

test('links get the tags where they belong', () => {
  const table: [html: string, expected: string][] = [
    ['<a href="https://x.example">', '<a href="https://x.example?a=1&amp;b=%20x">'],
    ['<A HREF=\'HTTP://x.example/p\' class="c">', '<A HREF=\'HTTP://x.example/p?a=1&amp;b=%20x\' class="c">'],
    ['<area href=http://x.example/p>', '<area href=http://x.example/p?a=1&amp;b=%20x>'],
    ['<a href="http://x.example/?q=1">', '<a href="http://x.example/?q=1&amp;a=1&amp;b=%20x">'],
    [
      '<a href="http://x.example/?q=1&amp;r=2#top">',
      '<a href="http://x.example/?q=1&amp;r=2&amp;a=1&amp;b=%20x#top">',
    ],
    ['<a href="http://x.example/?">', '<a href="http://x.example/?a=1&amp;b=%20x">'],
    ['<a href="http://x.example/?q&amp;">', '<a href="http://x.example/?q&amp;a=1&amp;b=%20x">'],
    ['<a href="http://x.example/#top">', '<a href="http://x.example/?a=1&amp;b=%20x#top">'],
    ['<a href="http://x.example/#top?no">', '<a href="http://x.example/?a=1&amp;b=%20x#top?no">'],
    [
      '<a href="http://x.example/?q=1&#38;r=2">',
      '<a href="http://x.example/?q=1&#38;r=2&amp;a=1&amp;b=%20x">',
    ],
    ['<a href=" http://x.example/ ">', '<a href=" http://x.example/?a=1&amp;b=%20x ">'],
    [
      '<a href="http://x.example/1" href="http://x.example/2">',
      '<a href="http://x.example/1?a=1&amp;b=%20x" href="http://x.example/2">',
    ],
  ]
  for (const [html, expected] of table) {
    const around = (link: string) => `é<p>\n${link}x</a>&nbsp;</p>`
    assert.equal(addUrlTags(around(html), tags), around(expected), html)
  }
})

test('everything else stays as it is, byte for byte', () => {
  const table = [
    '<a href="mailto:a@x.example">',
    '<a href="tel:+331">',
    '<a href="cid:logo">',
    '<a href="#top">',
    '<a href="//x.example/">',
    '<a href="/path">',
    '<a href="">',
    '<a href>',
    '<a title="http://x.example/">',
    '<img src="http://x.example/i.png">',
    '<link href="http://x.example/s.css">',
    '<!-- <a href="http://x.example/"> -->',
    '<script>"<a href=\'http://x.example/\'>"</script>',
    'http://x.example/',
    '<a href="{{var:link}}">',
  ]
  for (const html of table) assert.equal(addUrlTags(html, tags), html)
})

test('tags cannot leave the attribute, however they are written', () => {
  const table: [tags: string, query: string][] = [
    ['?x=1', '?x=1'],
    ['&x=1&amp;y=2', '?x=1&amp;y=2'],
    ['x="><script>\'', '?x=%22%3E%3Cscript%3E%27'],
    ['x=é #y', '?x=%C3%A9%20%23y'],
    ['x=\ud800', '?x=%EF%BF%BD'],
    ['', ''],
    ['?', ''],
  ]
  for (const [written, query] of table) {
    assert.equal(
      addUrlTags('<a href="http://x.example/">', written),
      `<a href="http://x.example/${query}">`,
      written,
    )
  }
})

test('any HTML comes out with nothing taken away, in time that grows with its length', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string(), (before, after) => {
      const html = `${before}<a href="http://x.example/">${after}`
      const tagged = addUrlTags(html, 'u=1')
      assert.equal(tagged.replaceAll(/[?]u=1|&amp;u=1/g, ''), html.replaceAll(/[?]u=1|&amp;u=1/g, ''))
    }),
  )
  for (const part of ['<', '<a ', '<a href="', '<a href=http:#', '<a href="http://x#&#38;', '<!--', '&']) {
    assert.equal(typeof addUrlTags(part.repeat(100_000), 'u=1'), 'string')
  }
})
