import type { Command } from 'commander'
import { roles } from '../accounts/roles.ts'
import type { User } from '../accounts/users.ts'
import { callAdmin } from './client.ts'
import { addCommand, type CommonOptions } from './command.ts'
import { formatTable, formatTime, printJson, printLines } from './output.ts'

type Invitation = { user: User; link: { url: string; expiresAt: number } }

export function addUserCommands(program: Command): void {
  addCommand(program, 'setup', 'print a new link that makes the first owner of the console').action(
    async (options: CommonOptions) => {
      const made = await callAdmin<{ url: string }>(options, { method: 'POST', path: '/setup-link' })
      if (options.json) return printJson(made)
      printLines(['Open this link in a browser. It works once, for 7 days:', '', `  ${made.url}`])
    },
  )

  const user = program.command('user').description('people who sign in to the console')
  addCommand(user, 'add <email>', 'invite somebody; prints the link with which they choose their password')
    .requiredOption('--role <role>', roles.join(', '))
    .option('--name <name>', 'for people')
    .action(
      async (email: string, { role, name, ...options }: CommonOptions & { role: string; name?: string }) => {
        const body = { email, role, ...(name !== undefined && { name }) }
        showInvitation(
          await callAdmin<Invitation>(options, { method: 'POST', path: '/users', body }),
          options,
        )
      },
    )
  addCommand(user, 'list', 'list the people').action(async (options: CommonOptions) => {
    const { users } = await callAdmin<{ users: User[] }>(options, { method: 'GET', path: '/users' })
    if (options.json) return printJson(users)
    printLines(formatTable(['ID', 'E-MAIL', 'NAME', 'ROLE', 'TWO-FACTOR', 'SIGNED IN'], users.map(rowOf)))
  })
  addCommand(user, 'remove <user>', 'remove somebody; their sessions end at once').action(
    async (reference: string, options: CommonOptions) => {
      await callAdmin(options, { method: 'DELETE', path: `/users/${encodeURIComponent(reference)}` })
      if (options.json) return printJson({ removed: reference })
      printLines([`${reference} may not sign in any more.`])
    },
  )
  addCommand(
    user,
    'reset-password <user>',
    'print a link to choose a new password; the old one stops working and two-factor is off',
  ).action(async (reference: string, options: CommonOptions) => {
    const path = `/users/${encodeURIComponent(reference)}/reset-password`
    showInvitation(await callAdmin<Invitation>(options, { method: 'POST', path }), options)
  })
}

function showInvitation(invitation: Invitation, options: CommonOptions): void {
  if (options.json) {
    printJson(invitation)
    return
  }
  const { user, link } = invitation
  printLines([
    `${user.email} chooses a password with this link. It works once, until ${formatTime(link.expiresAt)}:`,
    '',
    `  ${link.url}`,
  ])
}

function rowOf(user: User): string[] {
  return [
    String(user.id),
    user.email,
    user.name,
    user.role,
    user.hasTwoFactor ? 'on' : 'off',
    user.signedInAt === null ? 'never' : formatTime(user.signedInAt),
  ]
}
