#!/usr/bin/env node
import { cpus } from 'node:os'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { built, isBuilt, source } from './built.js'
import { isNewEnough, runWithOwnNode } from './node24.js'

// Several heaps share a server's memory: small young generations keep them from growing where a moment of patience would
// do, and old ones are cleaned up when they have grown by half; left to itself, V8 waits longer at times, and at others
// cleans up every half second. And glibc makes an arena for each thread, which under load doubles what is held and not used.
const heapOptions = ['--max-semi-space-size=8', '--heap-growing-percent=50']
/** Of the threads that are started later; they have less to do with than the engine. */
const threadHeapOption = '--max-semi-space-size=4'

async function start() {
  // Signatures are made on this pool: more threads than cores only get into each other's way. The size is read when
  // the pool is first used.
  if (process.env.UV_THREADPOOL_SIZE === undefined) {
    process.env.UV_THREADPOOL_SIZE = String(Math.max(1, cpus().length))
  }
  if (process.argv[2] === 'serve') becomeServer()
  const { main } = await import(pathToFileURL(isBuilt() ? built : source).href)
  await main(process.argv)
}

/** The same process starts again with what has to be known before Node.js starts. Not on Windows, which cannot. */
function becomeServer() {
  if (typeof process.execve !== 'function' || process.platform === 'win32') return
  if (process.execArgv.indexOf(heapOptions[0]) !== -1) {
    setFlagsFromString(threadHeapOption)
    return
  }
  if (process.env.MALLOC_ARENA_MAX === undefined) process.env.MALLOC_ARENA_MAX = '2'
  const args = [process.execPath].concat(process.execArgv, heapOptions, process.argv.slice(1))
  process.execve(process.execPath, args, process.env)
}

if (isNewEnough()) void start()
else runWithOwnNode([fileURLToPath(import.meta.url)].concat(process.argv.slice(2)))
