/** The addresses of an account that mean something on the way in. */
import { defaultAddresses, type ParameterValues } from '../routing/default-addresses.ts'
import type { Addresses } from './decide.ts'

export function catchallAddress(parameters: ParameterValues): string | undefined {
  return atCatchallDomain(parameters, 'mail.catchall.alias')
}

export function specialAddresses(parameters: ParameterValues): Addresses {
  // The fallback of the settings (gateway.email_from) is somebody's address: mail to it is no bounce by that alone.
  const bounce = atCatchallDomain(parameters, 'mail.bounce.alias')
  const catchall = catchallAddress(parameters)
  return {
    bounce: bounce === undefined ? [] : [bounce],
    catchall: catchall === undefined ? [] : [catchall],
  }
}

/** Who an automatic answer is from. */
export function answerAddress(parameters: ParameterValues): string | undefined {
  return specialAddresses(parameters).bounce[0] ?? defaultAddresses(parameters).from
}

function atCatchallDomain(parameters: ParameterValues, name: string): string | undefined {
  const local = parameters[name]?.trim().toLowerCase()
  const domain = parameters['mail.catchall.domain']?.trim()
  return local && domain ? `${local}@${domain}` : undefined
}
