/** The page docs/settings.md, made from the table of settings. */
import { formatSetting } from './print.ts'
import { required } from './setting.ts'
import { allSettings, type NamedSetting } from './settings.ts'

const introduction = `# Settings

<!-- Made by \`npm run docs\` from src/config/settings.ts. -->

Everything works without any. Settings come from one TOML file and from variables of the environment; a variable wins.
The file is the one named by \`--config\` or \`PARAVION_CONFIG\`, else \`paravion.toml\` in the data folder, else
\`paravion.toml\` in the current folder. Relative paths in it are meant from the file's own folder.

\`[smtp] max_recipients\` in the file is \`PARAVION_SMTP_MAX_RECIPIENTS\` in the environment. Lists are separated by
commas there: \`PARAVION_SMTP_STARTTLS_PORTS=587,2525\`. An empty variable counts as not set. \`PARAVION_PORTS=free\` picks
a free port for everything that listens, apart from ports that a variable names.

A name that is not in this list and a value that cannot be right stop the program at its start, with a message that says
what would be right. \`paravion config print\` shows what is in force and where each value comes from.
`

export function configReference(): string {
  const sections = Map.groupBy(allSettings, ({ key }) => key.slice(0, Math.max(key.lastIndexOf('.'), 0)))
  const parts = [...sections].map(([section, settings]) =>
    [
      section === '' ? '## General' : `## [${section}]`,
      '',
      '| Setting | Default | What it is |',
      '|---|---|---|',
      ...settings.map(describe),
      '',
    ].join('\n'),
  )
  return `${introduction}\n${parts.join('\n')}`
}

function describe({ key, setting }: NamedSetting): string {
  const name = key.slice(key.lastIndexOf('.') + 1)
  const { expected } = setting.kind
  const cells = [
    `\`${name}\``,
    describeFallback(setting.fallback),
    `${setting.about} *${expected.charAt(0).toUpperCase()}${expected.slice(1)}.*`,
  ]
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

function describeFallback({ lab, live }: NamedSetting['setting']['fallback']): string {
  if (live !== required && JSON.stringify(lab) === JSON.stringify(live)) return show(lab)
  return `lab ${show(lab)}, live ${show(live)}`
}

function show(value: unknown): string {
  if (value === required) return 'has to be set'
  if (value === undefined) return 'none'
  return `\`${formatSetting('x', value).replace('x = ', '')}\``
}
