/** What is allowed and yet probably not meant, in words for whoever set the server up. */

import { isLoopback } from '../runtime/loopback.ts'
import type { ParameterValues } from './default-addresses.ts'
import { massMailingServerId } from './parameters.ts'
import type { OutgoingServer } from './servers.ts'

export function serverWarnings(server: OutgoingServer, parameters: ParameterValues): string[] {
  const warnings: string[] = []
  const hasSecret = server.authentication === 'login' || server.authentication === 'xoauth2'
  if (server.security === 'none' && hasSecret && !isLoopback(server.host)) {
    warnings.push('the password goes over the network in clear text: choose starttls-strict or tls-strict')
  }
  if ((server.security === 'starttls' || server.security === 'tls') && !isLoopback(server.host)) {
    warnings.push(
      `nobody checks the certificate, so anybody on the way may answer for ${server.host}: choose ${server.security}-strict`,
    )
  }
  if (massMailingServerId(parameters) === server.id && server.fromFilter !== null) {
    warnings.push(
      'it is the server for mass mailing, for which its From filter is not looked at: mass mail of any author goes through it, with its From unchanged',
    )
  }
  return warnings
}
