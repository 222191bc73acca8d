/** The older `[[var:name]]`, always on (reference/template-language.md §1): no logic, empty where a name is absent. */
import type { TemplateContext } from './context.ts'
import type { Placeholder, Scalar } from './template.ts'
import { print, valueAt } from './values.ts'

// A name, then an optional default: quoted (also with quotes as HTML editors store them), or up to the brackets.
// Every repetition is bounded, and none can match in two ways: time stays linear whatever comes.
const placeholder =
  /\[\[\s{0,9}(var|data):\s{0,9}([\p{L}_][\p{L}\p{M}\p{N}_.-]{0,255})\s{0,9}(?::\s{0,9}(?:"([^"]{0,1000})"|'([^']{0,1000})'|&quot;((?:(?!&quot;).){0,1000})&quot;|([^"'[\]]{0,1000}?))\s{0,9})?\]\]/iuy

/**
 * The text as literal parts and placeholders, in order. What only looks like a placeholder stays text. `offset`: where in
 * its source the text begins.
 */
export function splitPlaceholders(text: string, offset = 0): (string | Placeholder)[] {
  const parts: (string | Placeholder)[] = []
  let copied = 0
  let at = text.indexOf('[[')
  while (at !== -1) {
    placeholder.lastIndex = at
    const found = placeholder.exec(text)
    if (found === null) {
      at = text.indexOf('[[', at + 1)
      continue
    }
    if (at > copied) parts.push(text.slice(copied, at))
    parts.push(toPlaceholder(found, offset + at))
    copied = at + found[0].length
    at = text.indexOf('[[', copied)
  }
  if (copied < text.length) parts.push(text.slice(copied))
  return parts
}

/** The text with its placeholders replaced. What the values hold is not looked at again. */
export function replacePlaceholders(
  text: string,
  context: Pick<TemplateContext, 'variables' | 'contactData'>,
): string {
  if (!text.includes('[[')) return text
  let replaced = ''
  for (const part of splitPlaceholders(text)) {
    replaced += typeof part === 'string' ? part : printPlaceholder(part, context)
  }
  return replaced
}

export function printPlaceholder(
  { reference: { namespace, path, fallback } }: Placeholder,
  { variables, contactData }: Pick<TemplateContext, 'variables' | 'contactData'>,
): string {
  return print(valueAt(namespace === 'data' ? contactData : variables, path) ?? fallback ?? '') ?? ''
}

/** Is it one that stands at this place? Where it ends, otherwise undefined. */
export function placeholderEnd(text: string, at: number): number | undefined {
  placeholder.lastIndex = at
  return placeholder.test(text) ? placeholder.lastIndex : undefined
}

function toPlaceholder(found: RegExpExecArray, start: number): Placeholder {
  const [, namespace = '', name = '', double, single, encoded, bare] = found
  return {
    kind: 'placeholder',
    start,
    reference: {
      kind: 'reference',
      namespace: namespace.toLowerCase() === 'data' ? 'data' : 'var',
      path: name.split('.'),
      fallback: double ?? single ?? encoded ?? bareDefault(bare),
    },
  }
}

/** A bare default prints as it is written. */
function bareDefault(text: string | undefined): Scalar | undefined {
  return text?.trim()
}
