import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'

const module_ = new URL('./stop-signals.ts', import.meta.url).href

/** A process that waits for a stop, says so, and then takes its time. */
async function startWaiting(options: string) {
  const script = `
    import { waitForStopSignal } from '${module_}'
    const signal = waitForStopSignal(${options})
    setInterval(() => {}, 1e6)
    process.on('SIGUSR2', () => process.exit(0))
    console.log('waiting')
    console.log(await signal)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  assert.equal(line.toString(), 'waiting\n')
  return child
}

test('the first signal asks for a stop, the second ends the process', async () => {
  const child = await startWaiting('{ sameWishMs: 0 }')
  child.kill('SIGTERM')
  assert.equal(String((await once(child.stdout, 'data'))[0]), 'SIGTERM\n')
  child.kill('SIGINT')
  assert.deepEqual(await once(child, 'exit'), [130, null])
})

test('a signal that arrives twice at one time is one wish', async () => {
  const child = await startWaiting('{ sameWishMs: 60_000 }')
  child.kill('SIGINT')
  assert.equal(String((await once(child.stdout, 'data'))[0]), 'SIGINT\n')
  child.kill('SIGINT')
  child.kill('SIGUSR2')
  assert.deepEqual(await once(child, 'exit'), [0, null])
})
