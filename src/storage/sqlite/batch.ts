/**
 * A batch of commits on its way to the storage thread: flat arrays, which structured clone copies fastest, and one
 * packed buffer for all bodies, which is transferred. The callers' own buffers are copied, never detached.
 */
import type { Commit, Write, WriteStatement } from '../storage.ts'

export type Value = string | number | null | Uint8Array

export type PackedBatch = {
  /** Statements that the storage thread has not seen yet. */
  definitions: readonly WriteStatement[]
  /** For each commit: number of guards, number of writes, then their statements' indexes. */
  program: readonly number[]
  /** The values of all statements in the same order; null where bytes belong. */
  values: Value[]
  /** For each body: position in `values`, offset and length in `bytes`. */
  slices: readonly number[]
  bytes: Uint8Array<ArrayBuffer>
}

/** `known` remembers which statements have been sent. */
export function packBatch(commits: readonly Commit[], known: Set<number>): PackedBatch {
  const definitions: WriteStatement[] = []
  const program: number[] = []
  const values: Value[] = []
  const slices: number[] = []
  const bodies: Uint8Array[] = []
  let length = 0

  const add = ({ statement, values: given }: Write) => {
    if (!known.has(statement.index)) {
      known.add(statement.index)
      definitions.push(statement)
    }
    program.push(statement.index)
    for (const value of given) {
      if (value !== null && typeof value === 'object') {
        slices.push(values.length, length, value.byteLength)
        bodies.push(value)
        length += value.byteLength
        values.push(null)
      } else {
        values.push(value)
      }
    }
  }

  for (const { guards = [], writes } of commits) {
    program.push(guards.length, writes.length)
    for (const guard of guards) add(guard)
    for (const write of writes) add(write)
  }

  // Not Buffer.allocUnsafe: a slice of the shared pool must not be transferred.
  const bytes = new Uint8Array(Buffer.allocUnsafeSlow(length).buffer)
  let offset = 0
  for (const body of bodies) {
    bytes.set(body, offset)
    offset += body.byteLength
  }
  return { definitions, program, values, slices, bytes }
}

export type UnpackedCommit = { guards: UnpackedWrite[]; writes: UnpackedWrite[] }
export type UnpackedWrite = { index: number; values: readonly Value[] }

/** Fills in the bodies. `widths` says how many values a statement takes. */
export function unpackBatch(batch: PackedBatch, widths: ReadonlyMap<number, number>): UnpackedCommit[] {
  const { program, values, slices, bytes } = batch
  for (let at = 0; at < slices.length; at += 3) {
    const [position = 0, offset = 0, length = 0] = slices.slice(at, at + 3)
    values[position] = bytes.subarray(offset, offset + length)
  }

  let instruction = 0
  let position = 0
  const take = () => program[instruction++] ?? 0
  const takeWrites = (count: number): UnpackedWrite[] => {
    const writes: UnpackedWrite[] = []
    for (let n = 0; n < count; n++) {
      const index = take()
      const width = widths.get(index) ?? 0
      writes.push({ index, values: values.slice(position, position + width) })
      position += width
    }
    return writes
  }

  const commits: UnpackedCommit[] = []
  while (instruction < program.length) {
    const guardCount = take()
    const writeCount = take()
    commits.push({ guards: takeWrites(guardCount), writes: takeWrites(writeCount) })
  }
  return commits
}
