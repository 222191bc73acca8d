import assert from 'node:assert/strict'
import { test } from 'node:test'
import { maskUrl } from './check-url.ts'

test('a shown URL has no password, however it is written', () => {
  for (const [url, shown] of [
    ['https://app.example/events?a=1', 'https://app.example/events?a=1'],
    ['https://hook:secret@app.example/events', 'https://hook:***@app.example/events'],
    ['https://hook:se@cret@app.example/', 'https://hook:***@app.example/'],
    ['https://hook:s%40cret@app.example:8443/a@b', 'https://hook:***@app.example:8443/a@b'],
    ['https:hook:secret@app.example//x', 'https://hook:***@app.example//x'],
    ['https:/hook:secret@app.example/x', 'https://hook:***@app.example/x'],
    ['https:\\\\hook:secret@app.example/x', 'https://hook:***@app.example/x'],
    ['https://$&:secret@app.example/', 'https://$&:***@app.example/'],
    ['https://:secret@app.example/', 'https://:***@app.example/'],
    ['https://hook:sec:ret@app.example/?to=@x', 'https://hook:***@app.example/?to=@x'],
    ['https://hook@app.example/', 'https://hook@app.example/'],
    ['HTTPS://hook:secret@APP.example/', 'https://hook:***@app.example/'],
    ['no address', ''],
  ] as const) {
    assert.equal(maskUrl(url), shown, url)
    assert.doesNotMatch(maskUrl(url), /se@?c:?ret|s%40cret/)
  }
})
