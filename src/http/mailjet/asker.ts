/** Whose turn it is to have contents worked on: each API key has its own. */
import type { Asker } from '../../templates/run-in-process.ts'
import type { Query } from './resource.ts'

export function askerOf({ keyId, signal }: Pick<Query, 'keyId' | 'signal'>): Asker {
  return { owner: `key ${keyId}`, signal }
}
