/** Whose turn it is to have contents worked on: each person has their own. */
import type { Asker } from '../../templates/run-in-process.ts'
import type { Call } from './route.ts'

export function askerOf({ caller, signal }: Pick<Call<unknown, unknown>, 'caller' | 'signal'>): Asker {
  return { owner: caller.kind === 'user' ? `user ${caller.user.id}` : caller.kind, signal }
}
