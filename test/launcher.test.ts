/** bin/: started by whichever Node.js is there, the program runs with the one it needs. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const bin = fileURLToPath(new URL('../bin', import.meta.url))
const launcher = join(bin, 'with-node24.js')
const program = join(bin, 'paravion.js')

/** A Node.js of the machine that is too old to run the sources, if there is one. */
function findOldNode(): string | undefined {
  const folders = (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => !folder.includes('node_modules'))
  for (const folder of folders) {
    const node = join(folder, 'node')
    const { stdout } = spawnSync(node, ['-p', 'process.versions.node'], { encoding: 'utf8' })
    if (stdout && Number.parseInt(stdout, 10) < 24) return node
  }
  return undefined
}

const oldNode = findOldNode()
const nodes: [name: string, node: string | undefined][] = [
  ['a new Node.js', process.execPath],
  ['an old Node.js', oldNode],
]

for (const [name, node = ''] of nodes) {
  const skip = node === '' ? 'there is no old Node.js on this machine' : false

  test(`${name} hands over arguments, output and exit code`, { skip }, () => {
    const script =
      'console.log(Number.parseInt(process.versions.node) >= 24, process.argv[1]); process.exit(7)'
    const { status, stdout } = spawnSync(node, [launcher, '-e', script, 'two words'], { encoding: 'utf8' })
    assert.equal(stdout, 'true two words\n')
    assert.equal(status, 7)
  })

  test(`${name} passes a signal on and ends as its child ends`, { skip }, async () => {
    const script =
      'process.on("SIGTERM", () => process.exit(3)); setInterval(() => {}, 1e6); console.log("up")'
    const child = spawn(node, [launcher, '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(child.stdout, 'data')
    child.kill('SIGTERM')
    assert.deepEqual(await once(child, 'exit'), [3, null])
  })

  test(`${name} dies of the signal that its child dies of`, { skip }, () => {
    const { signal } = spawnSync(node, [launcher, '-e', 'process.kill(process.pid, "SIGKILL")'])
    assert.equal(signal, 'SIGKILL')
  })

  test(`${name} runs the program`, { skip }, () => {
    const { version } = JSON.parse(readFileSync(join(dirname(bin), 'package.json'), 'utf8')) as {
      version: string
    }
    const { status, stdout, stderr } = spawnSync(node, [program, '--version'], { encoding: 'utf8' })
    assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: `${version}\n`, stderr: '' })
  })
}

test('files of bin are understood by old versions of Node.js', () => {
  // What Node.js 12 does not parse: ?. and ??, logical assignment, private fields, top-level await.
  for (const name of ['node24.js', 'paravion.js', 'with-node24.js']) {
    const text = readFileSync(join(bin, name), 'utf8')
    assert.doesNotMatch(text, /\?\.|\?\?|\|\|=|&&=|\s#\w+\s*[=(;]/, name)
    assert.doesNotMatch(text, /^await /m, name)
  }
})
