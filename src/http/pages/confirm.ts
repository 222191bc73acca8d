/**
 * The page behind the link of a sign-up mail. Looking at it changes nothing, because mail scanners follow links: only
 * its button does.
 */
import type { FastifyInstance } from 'fastify'
import { confirmSignUp, readSignUp, type SignUp } from '../../contacts/sign-up.ts'
import { escapeHtml } from '../../mail/escape-html.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { visitorOf } from '../visitor.ts'
import { type Page, sendPage } from './page.ts'

type Params = { Params: { token: string } }

export function registerConfirmPages(
  app: FastifyInstance,
  { contacts }: Pick<HttpDependencies, 'contacts'>,
): void {
  app.get<Params>('/confirm/:token', async (request, reply) =>
    sendPage(reply, contentOf(await readSignUp(contacts, request.params.token))),
  )
  // As with activation: whoever knows the token may click.
  app.post<Params>('/confirm/:token', async (request, reply) =>
    sendPage(
      reply,
      contentOf(
        await confirmSignUp(contacts, { token: request.params.token, address: visitorOf(request).ip }),
      ),
    ),
  )
}

function contentOf(signUp: SignUp): Page {
  if (signUp.state === 'unknown') {
    return {
      status: 404,
      title: 'This link is not known',
      body: '<p>It was cut off on its way, or there is no such list any more. Copy the whole link from the mail, or sign up again.</p>',
    }
  }
  const email = `<strong>${escapeHtml(signUp.email)}</strong>`
  const list = `<strong>${escapeHtml(signUp.listName)}</strong>`
  switch (signUp.state) {
    case 'open':
      return {
        status: 200,
        title: 'Confirm your subscription',
        body: `<p>Somebody wants ${email} to get the mails of ${list}.</p>
<p>If that is you, confirm it. If not, close the page: nothing happens then.</p>
<form method="post"><button type="submit">Yes, send me these mails</button></form>`,
      }
    case 'done':
      return {
        status: 200,
        title: 'You are subscribed',
        body: `<p>${email} gets the mails of ${list}. You can close this page.</p>`,
      }
    case 'expired':
      return {
        status: 410,
        title: 'This link has expired',
        body: `<p>A link works for seven days. To get the mails of ${list}, sign up again.</p>`,
      }
  }
}
