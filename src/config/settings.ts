/**
 * Every setting, once: what it may be, what it is when left out, and a sentence about it. The file, the variables,
 * the types and docs/settings.md follow from this table.
 */
import {
  choice,
  delays,
  dnsServers,
  flag,
  hostName,
  hostNameOrAddress,
  ipAddress,
  optional,
  path,
  percent,
  port,
  portOrOff,
  ports,
  postgresAddress,
  privateNetworks,
  someOf,
  text,
  webAddress,
  wholeNumber,
} from './kinds.ts'
import { required, type Setting, setting } from './setting.ts'

const none = { always: undefined }
const million = 1_000_000

export const settings = {
  mode: setting(
    choice(['lab', 'live']),
    { always: 'lab' },
    'In the lab nothing leaves the machine and received mail is shown in the lab inbox; live uses the real world.',
  ),
  name: setting(
    hostName(),
    { lab: 'mail.paravion.example', live: required },
    'Public host name of this instance: said in SMTP greetings and in EHLO, part of the names in its certificate. Its address should have a PTR record with this name.',
  ),
  data: setting(
    path('a folder'),
    { always: 'paravion-data' },
    'Folder for the database, the instance key and the certificates; made when it is missing.',
  ),
  database_url: setting(
    optional(postgresAddress()),
    none,
    'PostgreSQL database to use in place of SQLite in the data folder; the plain variable DATABASE_URL works too.',
    { secret: true },
  ),
  bounce_domain: setting(
    optional(hostName()),
    none,
    'Domain of the envelope senders that bounces come back to; `bounce.` before the name of the instance when left out.',
  ),
  roles: setting(
    someOf(['api', 'submission', 'delivery', 'mx']),
    { always: ['api', 'submission', 'delivery', 'mx'] },
    'What this process does: take mail over HTTP, take it over SMTP, deliver it, take what comes back. Several processes on one PostgreSQL database can share the roles; what nobody delivers waits.',
  ),
  stop_seconds: setting(
    wholeNumber({ min: 0, max: 600 }),
    { always: 20 },
    'How long a stop waits for requests and transactions that are running.',
  ),

  http: {
    host: setting(
      ipAddress(),
      { lab: '127.0.0.1', live: '::' },
      'Address that HTTP and HTTPS listen on; `::` is every address, IPv4 too, and `0.0.0.0` every IPv4 address.',
    ),
    port: setting(portOrOff(), { lab: 8080, live: 80 }, 'Port of the Send API over HTTP.'),
    tls_port: setting(portOrOff(), { lab: 8443, live: 443 }, 'Port of the Send API over HTTPS.'),
    public_url: setting(
      optional(webAddress()),
      none,
      'Address under which clients reach the HTTP interface, when a proxy stands before it.',
    ),
    max_body_bytes: setting(
      wholeNumber({ min: 65_536, max: 100 * million }),
      { always: 23_068_672 },
      'Largest request body; a message of 15 MB of attachments needs 21 MB.',
    ),
    request_seconds: setting(
      wholeNumber({ min: 1, max: 3600 }),
      { always: 60 },
      'Time that a client has to send a whole request.',
    ),
  },

  tls: {
    certificate: setting(
      optional(path('a PEM file')),
      none,
      'Certificate, with its chain, for HTTPS and SMTP; when left out, a private CA in the data folder makes one.',
    ),
    key: setting(optional(path('a PEM file')), none, 'Private key of the certificate.'),
    ca: setting(
      optional(path('a PEM file')),
      none,
      'Authority that clients have to trust, when it is not a public one; only told to them, not used.',
    ),
  },

  smtp: {
    host: setting(ipAddress(), { lab: '127.0.0.1', live: '::' }, 'Address that SMTP submission listens on.'),
    starttls_ports: setting(
      ports(),
      { lab: [1587], live: [587, 588, 2525] },
      'Ports of SMTP submission with STARTTLS.',
    ),
    tls_port: setting(
      portOrOff(),
      { lab: 1465, live: 465 },
      'Port of SMTP submission with TLS from the start.',
    ),
    max_message_bytes: setting(
      wholeNumber({ min: 65_536, max: 200 * million }),
      { always: 26_214_400 },
      'Largest message, announced as SIZE.',
    ),
    max_recipients: setting(
      wholeNumber({ min: 1, max: 50_000 }),
      { always: 1000 },
      'Recipients of one message; further ones are answered 452 and belong into a second message.',
    ),
    max_connections: setting(
      wholeNumber({ min: 1, max: 100_000 }),
      { always: 2000 },
      'Connections at one time, all clients together.',
    ),
    max_connections_per_address: setting(
      wholeNumber({ min: 1, max: 100_000 }),
      { always: 500 },
      'Connections at one time from one IPv4 address or one IPv6 /64.',
    ),
    idle_seconds: setting(
      wholeNumber({ min: 1, max: 3600 }),
      { always: 300 },
      'Time that a client has for its next command.',
    ),
    data_seconds: setting(
      wholeNumber({ min: 1, max: 3600 }),
      { always: 180 },
      'Longest pause of a client within a message.',
    ),
    message_seconds: setting(
      wholeNumber({ min: 1, max: 86_400 }),
      { always: 1800 },
      'Time that a client has for a whole message.',
    ),
    plain_auth_on_loopback: setting(
      flag(),
      { always: false },
      'Lets clients on this machine log in without TLS.',
    ),
    sender_check: setting(
      choice(['block', 'refuse']),
      { always: 'refuse' },
      'What becomes of mail from an address that the API key may not use: accepted and then blocked, with an event that says so, or refused at once with 550.',
    ),
    envelope_check: setting(
      choice(['warn', 'refuse']),
      { always: 'warn' },
      'What a MAIL FROM gets whose address the API key may not use: a 250 that says so, because the From header decides, or 550.',
    ),
    trusted: {
      host: setting(
        ipAddress(),
        { lab: '127.0.0.1', live: '::' },
        'Address that the port for trusted networks listens on.',
      ),
      port: setting(
        portOrOff(),
        { always: 'off' },
        'Port that takes mail from trusted networks without a login.',
      ),
      networks: setting(
        privateNetworks('everybody in them could send as you'),
        { always: [] },
        'Who may use it.',
      ),
      api_key: setting(
        optional(text('the 32 hexadecimal characters of an API key', /^[0-9a-f]{32}$/)),
        none,
        'Public part of the API key that their mail belongs to.',
      ),
    },
  },

  mx: {
    host: setting(ipAddress(), { lab: '127.0.0.1', live: '::' }, 'Address that incoming mail is taken on.'),
    port: setting(
      portOrOff(),
      { lab: 1525, live: 25 },
      'Port of incoming mail: bounces, complaints and answers. It relays for nobody.',
    ),
    max_message_bytes: setting(
      wholeNumber({ min: 65_536, max: 200 * million }),
      { always: 26_214_400 },
      'Largest incoming message, announced as SIZE.',
    ),
    max_recipients: setting(
      wholeNumber({ min: 100, max: 10_000 }),
      { always: 100 },
      'Recipients of one incoming message.',
    ),
    max_connections: setting(
      wholeNumber({ min: 1, max: 100_000 }),
      { always: 500 },
      'Connections of incoming mail at one time, all hosts together.',
    ),
    max_connections_per_address: setting(
      wholeNumber({ min: 1, max: 100_000 }),
      { lab: 200, live: 20 },
      'Connections of incoming mail at one time from one IPv4 address or one IPv6 /64.',
    ),
    max_messages_per_connection: setting(
      wholeNumber({ min: 1, max: 100_000 }),
      { always: 100 },
      'Messages that one connection of incoming mail may bring.',
    ),
    idle_seconds: setting(
      wholeNumber({ min: 1, max: 3600 }),
      { always: 120 },
      'Time that a sending host has for its next command.',
    ),
    message_seconds: setting(
      wholeNumber({ min: 1, max: 86_400 }),
      { always: 900 },
      'Time that a sending host has for a whole message.',
    ),
  },

  delivery: {
    retry_minutes: setting(
      delays(),
      { always: [1, 5, 15, 30, 60, 120, 240, 300] },
      'Pauses between the attempts to deliver, each varied by a fifth to both sides; the last one is repeated. Greylisting is answered between 5 and 15 minutes.',
    ),
    transactional_hours: setting(
      wholeNumber({ min: 1, max: 240 }),
      { always: 72 },
      'How long a transactional message is tried.',
    ),
    bulk_hours: setting(
      wholeNumber({ min: 1, max: 240 }),
      { always: 72 },
      'How long a message of a campaign is tried.',
    ),
    ehlo_name: setting(
      optional(hostName()),
      none,
      'Name said to receiving hosts, when it is not the name of the instance.',
    ),
    bind_address: setting(
      optional(ipAddress()),
      none,
      'Address of this machine that connections to receiving hosts come from.',
    ),
    ipv6: setting(
      flag(),
      { always: false },
      'Uses the IPv6 addresses of receiving hosts too; only wise when our own has a PTR record and a reputation.',
    ),
    chunking: setting(
      flag(),
      { always: true },
      'Sends small messages together with their envelope (CHUNKING with PIPELINING, RFC 3030), where the receiving host offers it: one round trip less.',
    ),
    connections_per_site: setting(
      wholeNumber({ min: 1, max: 1000 }),
      { lab: 20, live: 10 },
      'Connections at one time to one receiving site, where nothing better is known about it.',
    ),
    messages_per_connection: setting(
      wholeNumber({ min: 1, max: 100_000 }),
      { lab: 100_000, live: 100 },
      'Messages over one connection, where nothing better is known about the site.',
    ),
    messages_per_second: setting(
      wholeNumber({ min: 0, max: 100_000 }),
      { lab: 0, live: 100 },
      'Messages a second to one receiving site, where nothing better is known about it; 0 is no limit.',
    ),
    new_connections_per_minute: setting(
      wholeNumber({ min: 0, max: 100_000 }),
      { lab: 0, live: 100 },
      'Connections a minute that are opened to one receiving site, where nothing better is known about it; 0 is no limit.',
    ),
    smarthost: {
      host: setting(
        optional(hostNameOrAddress()),
        none,
        'A relay that takes all mail, in place of the MX hosts of the recipients.',
      ),
      port: setting(wholeNumber({ min: 1, max: 65_535 }), { always: 587 }, 'Its port.'),
      security: setting(
        choice(['starttls', 'tls', 'none']),
        { always: 'starttls' },
        'starttls and tls insist on a valid certificate for the host; none is for relays on this machine.',
      ),
      user: setting(optional(text('a user name')), none, 'User name to log in with.'),
      password: setting(optional(text('a password')), none, 'Password to log in with.', { secret: true }),
    },
  },

  gateway: {
    hosted: setting(
      flag(),
      { always: false },
      'Refuses port 25 for outgoing servers, as hosting networks do; 465, 587 and 2525 are left.',
    ),
    email_from: setting(
      optional(text('an address like notifications@shop.example', /^[^\s@<>,;"]+@[^\s@<>,;"]+$/)),
      none,
      'Default From, and address for returned mail, of accounts whose system parameters name none.',
    ),
    from_filter: setting(
      optional(text('addresses and domains with commas between them, like shop.example')),
      none,
      'Whom this instance sends for where an account has no active outgoing server and no mail.default.from_filter; mail of others goes out under the default From.',
    ),
    test_seconds: setting(
      wholeNumber({ min: 1, max: 60 }),
      { always: 60 },
      'Longest time that the test of an outgoing server takes.',
    ),
  },

  dns: {
    servers: setting(
      dnsServers(),
      { always: [] },
      'DNS servers to ask in live mode; when left out, those of the operating system.',
    ),
  },

  dkim: {
    selector: setting(
      text('a selector like mailjet or s2026', /^(?=.{1,63}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/),
      { always: 'mailjet' },
      'Selector of new signing keys, where `domain add` names none.',
    ),
    bits: setting(
      wholeNumber({ min: 1024, max: 4096 }),
      { always: 2048 },
      'Size of new RSA signing keys; above 2048 some receivers and DNS providers fail.',
    ),
    ed25519: setting(
      flag(),
      { always: false },
      'Makes an Ed25519 key beside the RSA key of each new domain, and signs with both.',
    ),
  },

  tracking: {
    url: setting(
      optional(webAddress()),
      none,
      'Address of the links and pictures in tracked mail, and of the page for unsubscribing; best a name of its own that leads here. The address of the HTTP interface when left out.',
    ),
    link_days: setting(
      wholeNumber({ min: 30, max: 36_500 }),
      { always: 1095 },
      'Days that tracked links lead on and are counted; links for unsubscribing work for ever.',
    ),
    scanner_seconds: setting(
      wholeNumber({ min: 0, max: 3600 }),
      { always: 5 },
      'Opens and clicks sooner after the delivery count as those of a machine; 0 counts them all.',
    ),
    geo_database: setting(
      optional(path('a MaxMind database file')),
      none,
      'File in the MaxMind format that tells the country of an address; without it, no country is told.',
    ),
  },

  campaigns: {
    pause_hard_bounce_percent: setting(
      percent(),
      { always: 5 },
      'A campaign is paused when so many of its addresses do not exist; 0 never pauses it for that.',
    ),
    pause_complaint_percent: setting(
      percent(),
      { always: 0.2 },
      'A campaign is paused when so many of those who got it complain that it is spam; 0 never pauses it for that.',
    ),
    pause_refused_percent: setting(
      percent(),
      { always: 20 },
      'A campaign is paused when so many of its latest mails are refused for their content or their sender; 0 never pauses it for that.',
    ),
    pause_unmade_percent: setting(
      percent(),
      { always: 50 },
      'A campaign is paused when so many of its latest mails could not be made because its placeholders have no value; 0 never pauses it for that.',
    ),
    pause_after_results: setting(
      wholeNumber({ min: 1, max: 1_000_000 }),
      { always: 200 },
      'Results of a campaign that there must be before it is judged; a hundred at most for mail that could not be made.',
    ),
  },

  webhooks: {
    mail_domain: setting(
      optional(hostName()),
      none,
      'Domain of the addresses that are made for programs which read mail (parse routes); `in.` before the name of the instance when left out. In live mode it needs an MX record that leads here.',
    ),
    networks: setting(
      privateNetworks('what is public may be called anyway'),
      { always: [] },
      'Private networks in which webhooks may be called, besides the internet; in the lab only this machine is called.',
    ),
    timeout_seconds: setting(
      wholeNumber({ min: 1, max: 60 }),
      { always: 10 },
      'Time that a receiver has for its answer; large mail gets more.',
    ),
    log_days: setting(
      wholeNumber({ min: 1, max: 365 }),
      { always: 7 },
      'Days that each call of a webhook is remembered with its answer.',
    ),
  },

  retention: {
    bodies_days: setting(
      wholeNumber({ min: 0, max: 3650 }),
      { always: 7 },
      'Days that the text of a message is kept after its last delivery.',
    ),
    messages_days: setting(
      wholeNumber({ min: 1, max: 3650 }),
      { always: 90 },
      'Days that a message is kept with its deliveries, attempts and events.',
    ),
  },

  log: {
    level: setting(
      choice(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
      { always: 'info' },
      'The least important lines that are written.',
    ),
    format: setting(
      choice(['text', 'json']),
      { lab: 'text', live: 'json' },
      'Lines for people, or one JSON object a line.',
    ),
    file: setting(
      optional(path('a file')),
      none,
      'File that lines are added to, in place of standard error.',
    ),
  },

  lab: {
    dns_port: setting(port(), { always: 1553 }, 'Port of the DNS server of the lab, on loopback.'),
    receiver_port: setting(
      port(),
      { always: 1526 },
      'Port of the receiving mail host of the lab, on loopback.',
    ),
    web_port: setting(
      wholeNumber({ min: 1, max: 65_535 }),
      { always: 1580 },
      'Port on loopback that stands for the web sites of all lab domains, where a file proves a domain.',
    ),
    greylist_seconds: setting(
      wholeNumber({ min: 0, max: 86_400 }),
      { always: 60 },
      'How long greylist@ puts off a sender that it has not seen.',
    ),
    slow_seconds: setting(
      wholeNumber({ min: 0, max: 300 }),
      { always: 3 },
      'How long slow@ thinks about each command.',
    ),
    report_seconds: setting(
      wholeNumber({ min: 0, max: 3600 }),
      { always: 2 },
      'How long after a message spam@ complains and bounce-later@ bounces.',
    ),
  },
}

type Settings = typeof settings

type CamelCase<Name extends string> = Name extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : Name

type Values<Section> = {
  readonly [Key in keyof Section & string as CamelCase<Key>]: Section[Key] extends Setting<infer T>
    ? T
    : Values<Section[Key]>
}

/** The table's values: `[smtp] max_recipients` is `config.smtp.maxRecipients`. */
export type Config = Values<Settings>

export type NamedSetting = {
  /** As in the file, with the sections: `smtp.max_recipients`. */
  key: string
  /** `PARAVION_SMTP_MAX_RECIPIENTS` */
  variable: string
  setting: Setting<unknown>
}

/** All settings in the order of the table. */
export const allSettings: readonly NamedSetting[] = listSettings(settings, [])

function listSettings(section: object, path: readonly string[]): NamedSetting[] {
  return Object.entries(section).flatMap(([name, entry]) => {
    const names = [...path, name]
    if (!isSetting(entry)) return listSettings(entry, names)
    return [{ key: names.join('.'), variable: `PARAVION_${names.join('_').toUpperCase()}`, setting: entry }]
  })
}

function isSetting(entry: object): entry is Setting<unknown> {
  return 'kind' in entry && 'fallback' in entry
}
