/** The columns of a CSV file that is to be imported, read as the server reads them. */

const longestFirstLine = 64 * 1024
/** What a column with the names of people is called; the last as our own export calls it. */
const nameColumns = ['name', 'full name', 'full_name', 'fullname', 'nom', 'nom complet', 'contact_name']

export async function columnsOf(file: Blob): Promise<string[]> {
  const text = await file.slice(0, longestFirstLine).text()
  const line = text.replace(/^\u{feff}/u, '').split(/\r?\n/, 1)[0] ?? ''
  const count = (delimiter: string) => line.split(delimiter).length
  const [delimiter] = [',', ';', '\t'].toSorted((a, b) => count(b) - count(a))
  const columns: string[] = []
  let column = ''
  let isQuoted = false
  for (const letter of line) {
    if (letter === '"') isQuoted = !isQuoted
    else if (letter === delimiter && !isQuoted) {
      columns.push(column.trim())
      column = ''
    } else column += letter
  }
  return [...columns, column.trim()]
}

/** Those that may hold the name of the contact. */
export function possibleNames(columns: readonly string[]): string[] {
  return [...new Set(columns)].filter((column) => column !== '' && column.toLowerCase() !== 'email')
}

export function likelyName(columns: readonly string[]): string | null {
  return possibleNames(columns).find((column) => nameColumns.includes(column.toLowerCase())) ?? null
}
