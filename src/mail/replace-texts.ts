/** A finished message gets other texts: its header and what is attached to it stay. */
import { composeTexts } from './compose.ts'
import { leavesOf, type MimePart, readMimeTree } from './mime-parts.ts'

export function replaceTexts(raw: Buffer, texts: { text?: string; html?: string }): Buffer {
  const root = readMimeTree(raw)
  const inline: Buffer[] = []
  const attached: Buffer[] = []
  for (const leaf of leavesOf(root)) {
    if (isText(leaf)) continue
    const entity = leaf === root ? contentOnly(raw, root) : raw.subarray(startOf(leaf), leaf.end)
    if (leaf.block.fields.some(({ lower }) => lower === 'content-id') && !isAttached(leaf))
      inline.push(entity)
    else attached.push(entity)
  }
  const kept: Buffer[] = []
  for (const { lower, start, end } of root.block.fields) {
    if (!isOfContent(lower)) kept.push(raw.subarray(start, end))
  }
  return Buffer.concat([...kept, composeTexts(texts, { inline, attached })])
}

/** A body, as mail readers show one; a text with a file name is a file. */
function isText({ contentType, disposition }: MimePart): boolean {
  if (contentType.value !== 'text/plain' && contentType.value !== 'text/html') return false
  if (disposition === undefined) return true
  return disposition.value !== 'attachment' && ![...disposition.parameters.keys()].some(isFilename)
}

function isAttached({ disposition }: MimePart): boolean {
  return disposition?.value === 'attachment'
}

function isFilename(parameter: string): boolean {
  return /^filename(?:\*|$)/.test(parameter)
}

function isOfContent(lower: string): boolean {
  return lower === 'mime-version' || lower.startsWith('content-')
}

function startOf({ block }: MimePart): number {
  return block.fields[0]?.start ?? block.bodyStart - 2
}

/** A message that is one file, as a part of another. */
function contentOnly(raw: Buffer, { block, end }: MimePart): Buffer {
  const fields = block.fields
    .filter(({ lower }) => lower.startsWith('content-'))
    .map(({ start, end: fieldEnd }) => raw.subarray(start, fieldEnd))
  return Buffer.concat([...fields, Buffer.from('\r\n'), raw.subarray(block.bodyStart, end)])
}
