/** What the MJML compiler passes over in silence: includes, and elements that nothing closes. */
import { Parser } from 'htmlparser2'

const maxProblems = 20

/** Sentences that begin with the line, in order; empty where all is well. */
export function structureProblems(source: string): string[] {
  const problems: { line: number; text: string }[] = []
  const open: { name: string; line: number }[] = []
  let counted = 0
  let line = 1
  /** Tags are met in order, so that each character is looked at once. */
  function lineAt(index: number): number {
    for (let at = source.indexOf('\n', counted); at !== -1 && at < index; at = source.indexOf('\n', at + 1)) {
      line++
      counted = at + 1
    }
    return line
  }
  // The compiler's own settings: what it sees as a tag is one here.
  const parser = new Parser(
    {
      onopentag(name) {
        const at = lineAt(parser.startIndex)
        if (name === 'mj-include') {
          problems.push({
            line: at,
            text: 'mj-include: other files cannot be included; put their content here instead',
          })
        }
        if (isOfMjml(name)) open.push({ name, line: at })
      },
      onclosetag(name, isImplied) {
        if (!isOfMjml(name)) return
        const element = open.pop()
        const closesItself = source.charCodeAt(parser.endIndex - 1) === 0x2f
        if (isImplied && !closesItself && element !== undefined) {
          problems.push({ line: element.line, text: `${name}: is not closed; </${name}> is missing` })
        }
      },
    },
    {
      recognizeCDATA: true,
      decodeEntities: false,
      recognizeSelfClosing: true,
      lowerCaseAttributeNames: false,
    },
  )
  parser.write(source)
  parser.end()
  return problems
    .toSorted((a, b) => a.line - b.line)
    .slice(0, maxProblems)
    .map(({ line: at, text }) => `line ${at}: ${text}`)
}

function isOfMjml(name: string): boolean {
  return name === 'mjml' || name.startsWith('mj-')
}
