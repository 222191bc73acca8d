/**
 * The page behind the link of an activation mail. Looking at it changes nothing, because mail scanners follow links:
 * only its button does.
 */
import type { FastifyInstance } from 'fastify'
import { type Activation, activate, readActivation } from '../../domains/activation.ts'
import { escapeHtml } from '../../mail/escape-html.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { type Page, sendPage } from './page.ts'

type Params = { Params: { token: string } }

export function registerActivationPages(
  app: FastifyInstance,
  { domains }: Pick<HttpDependencies, 'domains'>,
): void {
  app.get<Params>('/activate/:token', async (request, reply) =>
    sendPage(reply, contentOf(await readActivation(domains, request.params.token), { clicked: false })),
  )
  // The token stands in the address, so the form has nothing to say. There is no login whose power a foreign page
  // could borrow: whoever knows the token may click.
  app.post<Params>('/activate/:token', async (request, reply) =>
    sendPage(reply, contentOf(await activate(domains, request.params.token), { clicked: true })),
  )
}

function contentOf(activation: Activation, { clicked }: { clicked: boolean }): Page {
  switch (activation.state) {
    case 'open': {
      const email = escapeHtml(activation.email)
      return {
        status: 200,
        title: 'Confirm a sender address',
        body: `<p>Somebody who has an account here wants to send mail from <strong>${email}</strong>.</p>
<p>If you agree, confirm it. If you do not know of this, close the page: nothing happens then.</p>
<form method="post"><button type="submit">Allow mail from ${email}</button></form>`,
      }
    }
    case 'done': {
      const email = escapeHtml(activation.email)
      return {
        status: 200,
        title: clicked ? 'The address is confirmed' : 'Nothing left to do',
        body: `<p>Mail from <strong>${email}</strong> may be sent. You can close this page.</p>`,
      }
    }
    case 'expired':
      return {
        status: 410,
        title: 'This link has expired',
        body: `<p>A link works once, and for 48 hours. To confirm <strong>${escapeHtml(activation.email)}</strong>, have a new mail sent: validate the sender again.</p>`,
      }
    case 'unknown':
      return {
        status: 404,
        title: 'This link is not known',
        body: '<p>It was cut off on its way, or the sender was removed. Copy the whole link from the mail, or have a new mail sent: validate the sender again.</p>',
      }
  }
}
