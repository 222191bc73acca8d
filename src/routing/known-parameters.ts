/** The system parameters that mean something here: what each is for, and what its value may be. */
import { formatAddress, parseAddress, parseDomain } from '../mail/address.ts'
import { checkFromFilter } from './check-filter.ts'

export type KnownParameter = {
  name: string
  /** For people. */
  about: string
  /** What holds while it is not set, in words. */
  unset: string
  /** What would be right, to follow "must be". */
  expected: string
  /** The value as it is kept, or undefined when it is not right. */
  read(text: string): string | undefined
}

export const massMailingSwitch = 'mass_mailing.outgoing_mail_server'
export const massMailingServer = 'mass_mailing.mail_server_id'

const localPart = {
  expected: 'the part of an address before the @, like bounce',
  read: (text: string) => (parseAddress(`${text}@shop.example`) === undefined ? undefined : text),
}

const domains = {
  expected: 'domains with commas between them',
  read(text: string) {
    const names = text.split(',').map((name) => parseDomain(name.trim()))
    return names.includes(undefined) ? undefined : names.join(',')
  },
}

const addresses = {
  expected: 'addresses with commas between them',
  read(text: string) {
    const read = text.split(',').map((address) => parseAddress(address.trim()))
    return read.every((address) => address !== undefined)
      ? read.map((address) => formatAddress(address).toLowerCase()).join(',')
      : undefined
  },
}

function wholeNumber({ min, max }: { min: number; max: number }) {
  return {
    expected: `a whole number from ${min} to ${max}`,
    read(text: string) {
      const value = /^\d{1,12}$/.test(text) ? Number(text) : -1
      return value >= min && value <= max ? String(value) : undefined
    },
  }
}

const amount = wholeNumber({ min: 1, max: 1_000_000 })

export const knownParameters: readonly KnownParameter[] = [
  {
    name: 'mail.default.from',
    about:
      'The notifications address: mail whose own From no server may send goes out under it, with the name of its author.',
    unset: 'the address of the settings (gateway.email_from), if there is one',
    expected: 'an address, or the part before the @ (mail.catchall.domain then stands behind it)',
    read(text) {
      const address = text.includes('@') ? parseAddress(text) : undefined
      return address === undefined ? localPart.read(text) : formatAddress(address)
    },
  },
  {
    name: 'mail.default.from_filter',
    about:
      'Whom this instance may send for where no outgoing server is active; servers have a filter of their own.',
    unset: 'the filter of the settings (gateway.from_filter), if there is one; else everybody',
    expected: 'addresses and domains with commas between them, like shop.example',
    read(text) {
      return checkFromFilter(text) ?? undefined
    },
  },
  {
    name: 'mail.catchall.domain',
    about: 'The domain of the notifications, bounce and catchall addresses, and of aliases.',
    unset: 'those addresses do not exist',
    expected: 'a domain like shop.example',
    read: parseDomain,
  },
  {
    name: 'mail.catchall.alias',
    about: 'The part before the @ of the address that replies go to when nothing better is known.',
    unset: 'there is no catchall address',
    ...localPart,
  },
  {
    name: 'mail.bounce.alias',
    about: 'The part before the @ of the address that returned mail goes to.',
    unset: 'the address of the settings (gateway.email_from), if there is one',
    ...localPart,
  },
  {
    name: 'mail.catchall.domain.allowed',
    about: 'Domains for which incoming mail is matched with aliases by the part before the @ alone.',
    unset: 'every domain',
    ...domains,
  },
  {
    name: 'mail.session.batch.size',
    about: 'Messages over one connection to an outgoing server that has no number of its own.',
    unset: '1000',
    ...amount,
  },
  {
    name: 'mail.mail.queue.batch.size',
    about: 'Kept for Odoo. The queue here sends each message as soon as it is due, without batches.',
    unset: 'nothing changes',
    ...amount,
  },
  {
    name: 'mail.batch_size',
    about: 'Kept for Odoo. Mail is accepted and composed here one message at a time, without batches.',
    unset: 'nothing changes',
    ...amount,
  },
  {
    name: 'mail.mail.force.send.limit',
    about:
      'Kept for Odoo. Every message is sent at once here, and waits in the queue only when it cannot be.',
    unset: 'nothing changes',
    ...wholeNumber({ min: 0, max: 1_000_000 }),
  },
  {
    name: 'mail.gateway.loop.minutes',
    about:
      'The time in which the mail of one sender is counted, to stop two machines that answer each other.',
    unset: '120',
    ...amount,
  },
  {
    name: 'mail.gateway.loop.threshold',
    about: 'How much mail of one sender is taken in that time; more is a loop.',
    unset: '20',
    ...amount,
  },
  {
    name: 'mail.gateway.allowed',
    about: 'Senders whose incoming mail is never counted as a loop.',
    unset: 'everybody is counted',
    ...addresses,
  },
  {
    name: 'mail.gateway.fallback',
    about: 'The alias (its whole address) that takes incoming mail for which there is no other route.',
    unset: 'such mail is refused',
    expected: 'an address like info@shop.example',
    read(text) {
      const address = parseAddress(text)
      return address && formatAddress(address).toLowerCase()
    },
  },
  {
    name: 'base.default_max_email_size',
    about: 'Largest message, in megabytes, for an outgoing server that has no size of its own.',
    unset: 'what the server announces',
    ...wholeNumber({ min: 1, max: 10_000 }),
  },
  {
    name: massMailingSwitch,
    about:
      'Whether mass mail goes out through a server of its own; False switches it off and keeps the server.',
    unset: 'True',
    expected: 'True or False',
    read: (text) => booleans[text.toLowerCase()],
  },
  {
    name: massMailingServer,
    about:
      'The id of the outgoing server that carries mass mail. It is demanded: its From filter changes nothing.',
    unset: 'mass mail takes the way of all mail',
    expected: 'the id of an outgoing server (paravion server list)',
    read: (text) => (/^\d{1,15}$/.test(text) ? String(Number(text)) : undefined),
  },
]

const booleans: Record<string, string> = { true: 'True', false: 'False', '1': 'True', '0': 'False' }
