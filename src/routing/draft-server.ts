/** An outgoing server as a form has it now: to be tried before it is saved. */
import type { AccountId, ServerId } from '../mail/ids.ts'
import { Refused } from '../runtime/refused.ts'
import { checkHostedPort } from './check-hosted.ts'
import type { RelayServer } from './route.ts'
import {
  checkCertificate,
  completeFields,
  mergeFields,
  type NewServer,
  type ServerInput,
} from './server-fields.ts'
import { findServerRow, openSecrets, type ServersContext, toColumns, toServer } from './servers.ts'
import { toRelayServer } from './to-relay-server.ts'

export type Draft = { relay: RelayServer; accountId: AccountId; fromFilter: string | null }

/** A new server. `accountId`: whose it would be. */
export function draftNewServer(
  { isHosted }: Pick<ServersContext, 'isHosted'>,
  { accountId, input }: { accountId: AccountId; input: NewServer },
): Draft {
  const fields = completeFields(input)
  checkHostedPort(fields.port, { isHosted })
  const secrets = {
    password: input.password ?? null,
    certificate: input.certificate ?? null,
    privateKey: input.privateKey ?? null,
  }
  if (fields.authentication === 'certificate') checkCertificate(secrets)
  const relay = toRelayServer({ id: 0 as ServerId, ...toColumns(fields) }, secrets)
  return { relay, accountId, fromFilter: fields.fromFilter }
}

/** A saved server with changes. Throws Refused where a saved secret would go to another host. */
export async function draftServer(
  { storage, seal, isHosted }: Omit<ServersContext, 'now'>,
  { reference, input }: { reference: string | number; input: ServerInput },
): Promise<Draft> {
  const known = await findServerRow(storage, reference)
  const fields = mergeFields(toServer(known), input)
  checkHostedPort(fields.port, { isHosted })
  const saved = openSecrets(seal, known)
  const secrets = {
    password: input.password === undefined ? saved.password : input.password,
    certificate: input.certificate === undefined ? saved.certificate : input.certificate,
    privateKey: input.privateKey === undefined ? saved.privateKey : input.privateKey,
  }
  const isElsewhere = fields.host !== known.host || fields.port !== known.port
  const usesSavedPassword =
    (fields.authentication === 'login' || fields.authentication === 'xoauth2') &&
    input.password === undefined &&
    saved.password !== null
  if (isElsewhere && usesSavedPassword) {
    // Whoever may test would otherwise learn any saved password by naming a host of their own.
    throw new Refused(
      'bad-value',
      `the saved password is for ${known.host}:${known.port} only; give the password for ${fields.host}:${fields.port} to test it`,
    )
  }
  if (fields.authentication === 'certificate') checkCertificate(secrets)
  const relay = toRelayServer({ ...known, ...toColumns(fields) }, secrets)
  return { relay, accountId: known.account_id, fromFilter: fields.fromFilter }
}
