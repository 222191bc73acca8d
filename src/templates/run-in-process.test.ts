import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { hungryMjml } from '../../test/hungry-template.ts'
import { cleanUp, temporaryFolder } from '../../test/storage.ts'
import { compileMjml } from './mjml.ts'
import { createContentRunner, usualContentLimits } from './run-in-process.ts'

const me = { owner: 'me' }
const patient = { ...usualContentLimits, taskMs: 60_000, idleMs: 60_000 }
const hello =
  '<mjml><mj-body><mj-section><mj-column><mj-text>Hi</mj-text></mj-column></mj-section></mj-body></mjml>'

test('a source that asks for more memory than there is ends its own process alone', async (t) => {
  const runner = createContentRunner(patient)
  cleanUp(t, () => runner.stop())
  assert.deepEqual(await compileMjml(hungryMjml, me, runner), {
    html: '',
    problems: ['the MJML could not be compiled: it asks for more than 256 MB of memory'],
  })
  assert.deepEqual((await compileMjml(hello, me, runner)).problems, [])
})

test('a start that fails is told to its task, and the next one tries again', async (t) => {
  const execPath = join(temporaryFolder(t), 'node')
  const runner = createContentRunner(patient, execPath)
  cleanUp(t, () => runner.stop())
  await assert.rejects(compileMjml(hello, me, runner), /could not be started: spawn .* ENOENT/)
  await assert.rejects(compileMjml(hello, me, runner), /could not be started/)
  symlinkSync(process.execPath, execPath)
  assert.deepEqual((await compileMjml(hello, me, runner)).problems, [])
})

test('askers take turns, too much is refused, and what nobody waits for is not done', async (t) => {
  const runner = createContentRunner({ ...patient, maxWaiting: 4, maxOfOwner: 2 })
  cleanUp(t, () => runner.stop())
  const done: string[] = []
  const ask = async (owner: string, text: string, signal?: AbortSignal) => {
    await runner.run({ kind: 'text', html: `<p>${text}</p>` }, { owner, signal })
    done.push(text)
  }
  const calls = [ask('a', 'at once'), ask('a', 'first of a'), ask('a', 'second of a')]
  await assert.rejects(ask('a', 'third of a'), { code: 'busy', message: /try again in a moment/ })
  const leaving = new AbortController()
  const left = assert.rejects(ask('b', 'left', leaving.signal), { code: 'busy' })
  calls.push(ask('b', 'first of b'))
  await assert.rejects(ask('c', 'one too many'), { code: 'busy' })
  leaving.abort()
  await left
  calls.push(ask('c', 'first of c'))
  await assert.rejects(ask('d', 'came too late', leaving.signal), { code: 'busy' })
  await Promise.all(calls)
  assert.deepEqual(done, ['at once', 'first of a', 'first of b', 'first of c', 'second of a'])
})

const skip = existsSync(`/proc/${process.pid}/environ`) ? false : 'this system has no /proc'

test('the process is given no settings', { skip }, async (t) => {
  const runner = createContentRunner(patient)
  cleanUp(t, () => runner.stop())
  await compileMjml(hello, me, runner)
  const children = childrenOf(process.pid)
  assert.equal(children.length, 1)
  const names = readFileSync(`/proc/${children[0]}/environ`, 'utf8')
    .split('\0')
    .filter((text) => text !== '' && !text.startsWith('NODE_V8_COVERAGE='))
    .map((text) => text.split('=', 1)[0])
  assert.deepEqual(names.sort(), ['NODE_CHANNEL_FD', 'NODE_CHANNEL_SERIALIZATION_MODE'])
})

test('it ends with a parent that has ended', { skip }, async (t) => {
  const { parent, child } = await startParent(t, `await runner.run({ kind: 'text', html: '<p>Hi</p>' }, me)`)
  parent.stdin?.end()
  const [code] = await once(parent, 'exit')
  assert.equal(code, 0, 'it does not keep its parent from ending')
  await untilGone(child, t)
})

for (const [how, work] of [
  ['idle', `await runner.run({ kind: 'text', html: '<p>Hi</p>' }, me)`],
  [
    'busy',
    `await runner.run({ kind: 'text', html: '' }, me); void runner.run({ kind: 'mjml', source: slow }, me)`,
  ],
] as const) {
  test(`it ends with a parent that was killed while it was ${how}`, { skip }, async (t) => {
    const { parent, child } = await startParent(t, work)
    if (how === 'busy') await untilBusy(child, t)
    parent.kill('SIGKILL')
    await once(parent, 'exit')
    await untilGone(child, t)
  })
}

/** Another program that runs a task; `child` is the process that does it. */
async function startParent(t: TestContext, work: string) {
  const script = `
    import { createContentRunner, usualContentLimits } from ${JSON.stringify(import.meta.resolve('./run-in-process.ts'))}
    import { slowMjml as slow } from ${JSON.stringify(import.meta.resolve('../../test/hungry-template.ts'))}
    const runner = createContentRunner({ ...usualContentLimits, taskMs: 600_000, idleMs: 600_000 })
    const me = { owner: 'me' }
    ${work}
    console.log('up')
    process.stdin.resume()`
  const parent: ChildProcess = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  t.after(() => void parent.kill('SIGKILL'))
  assert.ok(parent.stdout !== null && parent.pid !== undefined)
  await once(parent.stdout, 'data')
  const [child, ...more] = childrenOf(parent.pid)
  assert.ok(child !== undefined && more.length === 0)
  return { parent, child }
}

type Stat = { state: string; parent: number; userTicks: number }

/** Undefined where there is no such process. */
function statOf(pid: number): Stat | undefined {
  try {
    const [state = '', parent, ...rest] = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
    return { state, parent: Number(parent), userTicks: Number(rest[9]) }
  } catch {
    return undefined
  }
}

function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((one) => statOf(one)?.parent === pid)
}

async function untilGone(pid: number, { signal }: TestContext): Promise<void> {
  // Z: it has ended, and nobody has asked how.
  for (let stat = statOf(pid); stat !== undefined && stat.state !== 'Z'; stat = statOf(pid))
    await pause(20, undefined, { signal })
}

async function untilBusy(pid: number, { signal }: TestContext): Promise<void> {
  // Two seconds of work are more than loading takes.
  const before = statOf(pid)?.userTicks ?? 0
  while ((statOf(pid)?.userTicks ?? 0) < before + 200) await pause(20, undefined, { signal })
}
