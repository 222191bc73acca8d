/** What is done to a campaign draft or a newsletter (reference/campaigns-templates.md §2.1, §2.2). */
import {
  cancelMailing,
  resumeMailing,
  scheduleMailing,
  sendMailing,
  unscheduleMailing,
} from '../../../../campaigns/change-state.ts'
import type { Mailing } from '../../../../campaigns/mailing.ts'
import {
  type MailingContent,
  readMailingContent,
  saveMailingContent,
} from '../../../../campaigns/mailing-content.ts'
import { afterChange } from '../../../../campaigns/states.ts'
import { testMailing } from '../../../../campaigns/try-mailing.ts'
import { type Mailbox, parseMailboxList } from '../../../../mail/mailbox.ts'
import { askerOf } from '../../asker.ts'
import { readTime } from '../../filters.ts'
import { type Properties, propertiesOf } from '../../properties.ts'
import { type Action, formatTime, type Query } from '../../resource.ts'
import { badRequest } from '../../rest-errors.ts'
import { formatMjml, readWanted } from '../template-content.ts'
import { statusWords, told } from './draft-status.ts'

/** Mailjet has no word for what was stopped: it is programmed, and `Reason` says why it does not go out. */
const status = ({ state, reason }: Mailing) => ({
  ...(state === 'paused' && { Reason: reason }),
  Status: statusWords[state],
})

const schedule = (mailing: Mailing) => ({
  Date: formatTime(mailing.scheduledAt ?? mailing.startedAt),
  ...status(mailing),
})

/** Also what was stopped: it goes on. */
function sendNow(campaigns: Query['parts']['campaigns'], mailing: Mailing): Promise<Mailing> {
  return told(
    mailing.state === 'paused' ? resumeMailing(campaigns, mailing) : sendMailing(campaigns, mailing),
  )
}

/** A draft again, or cancelled where some of it may have gone out. */
function takeBack(campaigns: Query['parts']['campaigns'], mailing: Mailing): Promise<Mailing> {
  const isStopped = afterChange('unschedule', mailing) === undefined && mailing.state === 'paused'
  return told(isStopped ? cancelMailing(campaigns, mailing) : unscheduleMailing(campaigns, mailing))
}

async function program({ parts }: Query, mailing: Mailing, body: Properties): Promise<readonly object[]> {
  const given = body.get('date')
  const text = typeof given === 'number' ? String(given) : typeof given === 'string' ? given.trim() : ''
  if (text.toUpperCase() === 'NOW') return [schedule(await sendNow(parts.campaigns, mailing))]
  const at = readTime(text)
  if (at === undefined) {
    throw badRequest(
      'Object properties invalid',
      'MJ08 Property Date is invalid: MJ04 Value must be NOW or a time such as 2026-05-02T09:00:00+02:00',
    )
  }
  return [schedule(await told(scheduleMailing(parts.campaigns, mailing, at)))]
}

const most = 100

function readRecipients(body: Properties): Mailbox[] {
  const given = body.get('recipients')
  if (!Array.isArray(given) || given.length === 0 || given.length > most) {
    throw badRequest(
      'Object properties invalid',
      `Recipients must be an array of 1 to ${most} objects with Email and Name`,
    )
  }
  return given.map((one: unknown): Mailbox => {
    const properties = propertiesOf(one)
    const email = properties?.get('email') ?? one
    const name = properties?.get('name')
    const [mailbox] = typeof email === 'string' ? (parseMailboxList(email) ?? []) : []
    if (mailbox === undefined) {
      throw badRequest(
        'Object properties invalid',
        'Each of Recipients must have an Email that is an address',
      )
    }
    return typeof name === 'string' && name !== ''
      ? { ...mailbox, name: name.replace(/\p{Cc}+/gu, ' ') }
      : mailbox
  })
}

export function draftActions({ hasMjml }: { hasMjml: boolean }): Readonly<Record<string, Action<Mailing>>> {
  const shown = (content: MailingContent): object => ({
    ...(hasMjml && { Headers: content.headers }),
    'Html-part': content.html ?? '',
    ...(hasMjml && { MJMLContent: formatMjml(content.mjml) ?? '' }),
    'Text-part': content.text ?? '',
  })
  const save =
    (isWhole: boolean) =>
    async (query: Query, row: Mailing, body: Properties): Promise<readonly object[]> => {
      const asker = askerOf(query)
      const content = await told(
        // Text is made of HTML by the editors of Mailjet, and not by its API.
        saveMailingContent(query.parts.campaigns, row, readWanted(body), {
          isWhole,
          makesText: false,
          asker,
        }),
      )
      return [shown(content)]
    }
  return {
    detailcontent: {
      description: 'What it says: POST empties the parts that it does not name, PUT keeps them.',
      get: async ({ db }, row) => [shown(await readMailingContent(db, row.id))],
      post: save(true),
      put: save(false),
      ...(!hasMjml && {
        remove: async (query: Query, row: Mailing) => {
          await save(true)(query, row, new Map())
        },
      }),
    },
    schedule: {
      description:
        'When it is sent; Date is a time with offset, or NOW. DELETE makes it a draft again, or cancels what was stopped on its way.',
      get: async (_query, row) => [schedule(row)],
      post: program,
      put: program,
      remove: async ({ parts }, row) => {
        await takeBack(parts.campaigns, row)
      },
    },
    send: {
      description: 'Sends it now; what was stopped goes on.',
      post: async ({ parts }, row) => [status(await sendNow(parts.campaigns, row))],
    },
    status: { description: 'Where it stands, in a word.', get: async (_query, row) => [status(row)] },
    test: {
      description: 'Sends it to the given Recipients, each an object with Email and Name.',
      post: async ({ parts }, row, body) => {
        const recipients = readRecipients(body)
        if (row.state === 'deleted' || row.state === 'archived')
          throw badRequest('Newsletter has to be in status draft or programmed', `It is ${row.state}`)
        await told(testMailing(parts.campaigns, row, recipients))
        return [status(row)]
      },
    },
  }
}
