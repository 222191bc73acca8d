import assert from 'node:assert/strict'
import { mkdtempDisposable, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createSeal, openSeal, SealBroken } from './seal.ts'

const temporaryFolder = () => mkdtempDisposable(join(tmpdir(), 'paravion-seal-'))

test('what was sealed opens again, after a restart too', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'new', 'instance.key')
  const first = await openSeal(path)
  const sealed = first.seal('pässword\n\u0000')

  const second = await openSeal(path)

  assert.equal(second.open(sealed), 'pässword\n\u0000')
  assert.match(sealed, /^v1\.[0-9a-f]{8}\.[\w-]+$/)
  assert.notEqual(first.seal('x'), first.seal('x'))
  assert.equal(second.open(first.seal('')), '')
})

test('the key file is 32 bytes, for its owner only, and nothing is left beside it', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'instance.key')
  await openSeal(path)

  assert.equal((await readFile(path)).length, 32)
  assert.equal((await stat(path)).mode & 0o777, 0o600)
  assert.deepEqual(await readdir(folder.path), ['instance.key'])
})

test('processes that start at once agree on one key', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'instance.key')
  const seals = await Promise.all(Array.from({ length: 8 }, () => openSeal(path)))

  const [first] = seals
  assert.ok(first)
  for (const seal of seals) assert.equal(seal.open(first.seal('same')), 'same')
})

test('another key, a changed text and a foreign text are told apart', () => {
  const ours = createSeal(Buffer.alloc(32, 1))
  const theirs = createSeal(Buffer.alloc(32, 2))
  const sealed = ours.seal('secret')
  const last = sealed.endsWith('A') ? 'B' : 'A'
  const table: [text: string, message: RegExp][] = [
    [
      theirs.seal('secret'),
      /sealed with the instance key [0-9a-f]{8}, and the key of this instance is [0-9a-f]{8}/,
    ],
    [`${sealed.slice(0, 20)}${last}${sealed.slice(21)}`, /damaged/],
    [sealed.slice(0, 30), /damaged/],
    ['plain', /not a sealed secret/],
    ['', /not a sealed secret/],
  ]
  for (const [text, message] of table) {
    assert.throws(
      () => ours.open(text),
      (error) => error instanceof SealBroken && message.test(error.message),
      text,
    )
  }
})

test('derived secrets differ by purpose and are the same each time', () => {
  const seal = createSeal(Buffer.alloc(32, 1))
  assert.equal(seal.derive('return-path').length, 32)
  assert.deepEqual(seal.derive('return-path'), createSeal(Buffer.alloc(32, 1)).derive('return-path'))
  assert.notDeepEqual(seal.derive('return-path'), seal.derive('webhooks'))
})

test('a missing key is not replaced when secrets depend on it', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'instance.key')
  await assert.rejects(openSeal(path, { create: false }), /instance key .* is missing/)
  assert.deepEqual(await readdir(folder.path), [])
})

test('a key file of another size is refused', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'instance.key')
  await writeFile(path, 'short')
  await assert.rejects(openSeal(path), /must be exactly 32 bytes, it has 5/)
})
