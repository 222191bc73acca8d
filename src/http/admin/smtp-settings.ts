/** `/api/smtp-settings`: what a client of ours has to be told. */
import { z } from 'zod'
import type { HttpDependencies } from '../dependencies.ts'
import { type AdminRoute, defineRoute } from './route.ts'

export function smtpSettingsRoutes({ reach }: HttpDependencies): AdminRoute[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/smtp-settings',
      summary: 'Where clients send to: servers, ports, security, and the authority to trust',
      answer: z.object({
        smtpHost: z.string(),
        smtpPorts: z.array(z.object({ port: z.number(), security: z.enum(['starttls', 'tls']) })).readonly(),
        plainAuthOnLoopback: z.boolean().describe('Clients on this machine may log in without TLS'),
        url: z.string().nullable().describe('Of the Send API, by HTTP'),
        httpsUrl: z.string().nullable(),
        ca: z
          .string()
          .nullable()
          .describe('PEM of the authority that made our certificate; null: one that the world knows'),
      }),
      handle: async () => reach(),
    }),
  ]
}
