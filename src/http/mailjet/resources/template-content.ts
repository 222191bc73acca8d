/** `/v3/REST/template/{ID}/detailcontent`: what a template holds (reference/campaigns-templates.md §5.1). */
import type { WantedContent } from '../../../templates/fill-parts.ts'
import type { StoredTemplate } from '../../../templates/stored-templates.ts'
import { currentContent, type StoredContent, saveContent } from '../../../templates/template-content.ts'
import { askerOf } from '../asker.ts'
import { type Properties, propertiesOf } from '../properties.ts'
import type { Action, Query } from '../resource.ts'
import { badRequest } from '../rest-errors.ts'

export function detailContent({
  refuseUnlessOwner,
}: {
  refuseUnlessOwner(query: Query, row: StoredTemplate): void
}): Action<StoredTemplate> {
  const save = (others: 'keep' | 'empty') => async (query: Query, row: StoredTemplate, body: Properties) => {
    refuseUnlessOwner(query, row)
    const wanted = readWanted(body)
    const by = `API key ${query.apiKey.name}`
    const asker = askerOf(query)
    const { content } = await saveContent(query.db, row, { wanted, others, by, asker, now: query.now })
    return [shapeOf(content)]
  }
  return {
    description: 'What it holds: POST empties the parts that it does not name, PUT keeps them.',
    get: async ({ db }, row) => [shapeOf(await currentContent(db, row))],
    post: save('empty'),
    put: save('keep'),
  }
}

/** The order of the original. A part that is not there is null. */
function shapeOf({ mjml, html, text, headers }: StoredContent): object {
  return { MJMLContent: formatMjml(mjml), 'Html-part': html, 'Text-part': text, Headers: headers }
}

export function readWanted(body: Properties): WantedContent {
  return {
    html: readPart(body, 'Html-part'),
    text: readPart(body, 'Text-part'),
    mjml: readMjml(body),
    headers: readHeaders(body),
  }
}

/** Undefined where it is not named, null where it is taken away. */
function readPart(body: Properties, name: string): string | null | undefined {
  const value = body.get(name.toLowerCase())
  if (value === undefined || value === null || typeof value === 'string') return value
  throw invalid(name, 'Value must be a text')
}

/** Mark-up as text, or the tree of a visual editor, which is kept as JSON text. */
function readMjml(body: Properties): string | null | undefined {
  const value = body.get('mjmlcontent')
  if (typeof value === 'object' && value !== null) return JSON.stringify(value)
  return readPart(body, 'MJMLContent')
}

export function formatMjml(mjml: string | null): unknown {
  if (mjml === null || !/^\s*[{[]/.test(mjml)) return mjml
  try {
    return JSON.parse(mjml)
  } catch (error) {
    if (error instanceof SyntaxError) return mjml
    throw error
  }
}

function readHeaders(body: Properties): Record<string, string> | undefined {
  const value = body.get('headers')
  if (value === undefined) return undefined
  if (value === null || value === '') return {}
  if (propertiesOf(value) === undefined) throw invalid('Headers', 'Value must be an object of texts')
  const headers: Record<string, string> = {}
  for (const [name, text] of Object.entries(value)) {
    if (text === null) continue
    if (typeof text === 'object') throw invalid('Headers', `Value of ${name.slice(0, 60)} must be a text`)
    headers[name] = String(text)
  }
  return headers
}

function invalid(name: string, reason: string) {
  return badRequest('Object properties invalid', `MJ08 Property ${name} is invalid: MJ04 ${reason}`)
}
