/** What `paravion serve` prints once everything listens: where it is, who may use it, and how to try it. */
import { bold, dim } from './output.ts'
import { quote } from './quote.ts'

export type FirstScreen = {
  version: string
  mode: 'lab' | 'live'
  dataFolder: string
  /** Missing where that listener is off. */
  url?: string
  httpsUrl?: string
  /** Name or address for clients. */
  smtpHost: string
  starttlsPort?: number
  tlsPort?: number
  /** Of incoming mail. */
  mxPort?: number
  /** The file that clients have to trust; missing when a public authority made the certificate. */
  ca?: string
  /** An address that may send; '' until there is one. */
  from: string
  apiKey: string
  /** Only when this start made it. */
  secret?: string
  /** Only while the console has no owner. */
  setupUrl?: string
}

const examples = { to: 'ok@inbox.test', subject: 'Hello', text: 'It works.' }

export function formatFirstScreen(screen: FirstScreen): string[] {
  const { version, mode, secret, setupUrl } = screen
  const world = mode === 'lab' ? 'lab: nothing leaves this machine' : 'live'
  return [
    '',
    `  ${bold(`Paravion ${version}`)}  ${dim(world)}`,
    '',
    ...formatAddresses(screen),
    '',
    ...(setupUrl === undefined
      ? []
      : [
          row('Console', setupUrl),
          row('', dim('This link makes you its owner. It works once, for 7 days.')),
          '',
        ]),
    row('API key', screen.apiKey),
    row('Secret', secret ?? dim('shown when it was made; paravion key rotate makes a new one')),
    ...(secret === undefined ? [] : [row('', dim('Keep it: it is shown only this once.'))]),
    '',
    ...formatTrial(screen),
    '',
  ]
}

function formatAddresses({
  url,
  httpsUrl,
  smtpHost,
  starttlsPort,
  tlsPort,
  mxPort,
  ca,
  dataFolder,
}: FirstScreen): string[] {
  const smtp = [
    ...(starttlsPort === undefined ? [] : [`${smtpHost}:${starttlsPort} STARTTLS`]),
    ...(tlsPort === undefined ? [] : [`${smtpHost}:${tlsPort} TLS`]),
  ]
  const api = [url, httpsUrl].filter((address) => address !== undefined)
  return [
    row('API', api.length === 0 ? 'off' : api.join('   ')),
    row('SMTP', smtp.length === 0 ? 'off' : smtp.join('   ')),
    row('MX', mxPort === undefined ? 'off' : `${smtpHost}:${mxPort} incoming mail`),
    ...(ca === undefined ? [] : [row('CA', ca)]),
    row('Data', dataFolder),
  ]
}

function formatTrial(screen: FirstScreen): string[] {
  if (screen.secret === undefined) return []
  if (screen.from === '') {
    return ['  Next, name the domain you send from:', '', `    npx paravion domain add ${dim('your-domain')}`]
  }
  const commands = exampleCommands(screen)
  return [
    `  Send a message with one of these, then look at it with ${bold('npx paravion inbox')}:`,
    ...commands.flatMap(({ name, lines }) => [
      '',
      `  ${dim(`# ${name}`)}`,
      ...lines.map((line) => `  ${line}`),
    ]),
  ]
}

export function exampleCommands(screen: FirstScreen): { name: string; lines: string[] }[] {
  const { url, httpsUrl, starttlsPort, smtpHost, ca, from, apiKey, secret = '' } = screen
  const { to, subject, text } = examples
  const message = { From: { Email: from }, To: [{ Email: to }], Subject: subject, TextPart: text }
  const body = JSON.stringify({ Messages: [message] })
  const commands: { name: string; lines: string[] }[] = []

  const curlUrl = url ?? httpsUrl
  if (curlUrl !== undefined) {
    const trust = curlUrl === httpsUrl && ca !== undefined ? `--cacert ${quote(ca)} ` : ''
    commands.push({
      name: 'curl',
      lines: [
        `curl -s ${trust}-u ${apiKey}:${secret} -H 'Content-Type: application/json' \\`,
        `  -d ${quote(body)} ${curlUrl}/v3.1/send`,
      ],
    })
  }
  if (starttlsPort !== undefined) {
    commands.push({
      name: 'swaks',
      lines: [
        `swaks --server ${smtpHost} --port ${starttlsPort} --tls --auth-user ${apiKey} --auth-password ${secret} \\`,
        `  --from ${from} --to ${to} --header 'Subject: ${subject}' --body '${text}'`,
      ],
    })
  }
  if (httpsUrl !== undefined) {
    const trust = ca === undefined ? '' : `NODE_EXTRA_CA_CERTS=${quote(ca)} `
    commands.push({
      name: 'node-mailjet',
      lines: [
        `${trust}node -e "require('node-mailjet').apiConnect('${apiKey}', '${secret}', { config: { host: '${new URL(httpsUrl).host}' } })`,
        `  .post('send', { version: 'v3.1' }).request({ Messages: [{ From: { Email: '${from}' }, To: [{ Email: '${to}' }],`,
        `  Subject: '${subject}', TextPart: '${text}' }] }).then((answer) => console.log(JSON.stringify(answer.body)))"`,
      ],
    })
  }
  return commands
}

function row(name: string, value: string): string {
  return `  ${dim(name.padEnd(8))} ${value}`.trimEnd()
}
