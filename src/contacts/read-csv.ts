/**
 * An uploaded CSV file, record by record. A quote that is opened and never closed takes what follows with it: the line
 * where its record begins is refused, and reading goes on with the next one.
 */
import { type CsvError, parse } from 'csv-parse'
import type { UploadId } from '../mail/ids.ts'
import { Refused } from '../runtime/refused.ts'
import type { Storage } from '../storage/storage.ts'
import { delimiterOf } from './csv-delimiter.ts'
import { firstLineOf, readUpload } from './uploads.ts'

export type CsvRecord = {
  /** Undefined when it cannot be read. */
  fields: readonly string[] | undefined
  /** As it stands in the file, without the line end. */
  raw: string
  /** Where it begins, counted from 1. */
  line: number
}

const longestRecord = 1024 * 1024
// Each costs reading what follows it again, up to the longest record.
const mostOpenQuotes = 100

type Reading = { delimiter: string; linesBefore: number; openQuotes: { count: number } }

/** Throws `Refused` when there is no going on, after the records before that place. */
export async function* readCsv(storage: Pick<Storage, 'db'>, uploadId: UploadId): AsyncGenerator<CsvRecord> {
  const delimiter = delimiterOf(await firstLineOf(storage, uploadId))
  const reading = { delimiter, linesBefore: 0, openQuotes: { count: 0 } }
  yield* readAll(readUpload(storage, uploadId), reading)
}

/** The records of a text whose first line cannot be read. */
async function* skipLine(text: string, line: number, reading: Reading): AsyncGenerator<CsvRecord> {
  const { openQuotes } = reading
  openQuotes.count += 1
  if (openQuotes.count > mostOpenQuotes) {
    throw unreadable(line, `has a quote that is never closed, as ${mostOpenQuotes} before it have`)
  }
  const end = text.search(/[\r\n]/)
  yield { fields: undefined, raw: end === -1 ? text : text.slice(0, end), line }
  if (end !== -1) yield* readAll([Buffer.from(text.slice(end))], { ...reading, linesBefore: line - 1 })
}

function unreadable(line: number, what: string): Refused {
  return new Refused(
    'bad-value',
    `the record that begins in line ${line} of the file ${what}; what stands before it was taken: mend the line and import the file again`,
  )
}

type RawRecord = { record: string[]; raw: string }

async function* readAll(
  source: AsyncIterable<Buffer> | Iterable<Buffer>,
  reading: Reading,
): AsyncGenerator<CsvRecord> {
  const { delimiter } = reading
  // A stream that fails loses the records that wait in it; these do not wait there.
  let records: RawRecord[] = []
  const parser = parse({
    bom: true,
    delimiter,
    raw: true,
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    max_record_size: longestRecord,
    on_record(record: unknown) {
      records.push(record as RawRecord)
      return undefined
    },
  })
  // Each failure is told to whoever wrote, too.
  parser.on('error', () => undefined)
  parser.resume()
  const feed = (chunk: Buffer | undefined) =>
    new Promise<CsvError | undefined>((resolve, reject) => {
      const done = (error?: Error | null) => {
        if (error === undefined || error === null) resolve(undefined)
        else if (isCsvError(error)) resolve(error)
        else reject(error)
      }
      if (chunk === undefined) parser.end(done)
      else parser.write(chunk, done)
    })

  let lines = reading.linesBefore
  async function* take(): AsyncGenerator<CsvRecord> {
    const taken = records
    records = []
    for (const { record, raw } of taken) {
      const text = raw.replaceAll(/^[\r\n]+|[\r\n]+$/g, '')
      const line = lines + breaksIn(/^[\r\n]*/.exec(raw)?.[0] ?? '') + 1
      lines += breaksIn(raw)
      if (swallowsLines(text, delimiter)) yield* skipLine(text, line, reading)
      else yield { fields: record, raw: text, line }
    }
  }
  async function* goOn(failure: CsvError): AsyncGenerator<CsvRecord> {
    const raw = typeof failure.raw === 'string' ? failure.raw : ''
    const text = raw.replace(/^[\r\n]+/, '')
    const line = lines + breaksIn(raw.slice(0, raw.length - text.length)) + 1
    if (failure.code === 'CSV_QUOTE_NOT_CLOSED') yield* skipLine(text, line, reading)
    else
      throw unreadable(line, `is longer than ${longestRecord} bytes; perhaps a quote in it is never closed`)
  }

  for await (const chunk of source) {
    const failure = await feed(chunk)
    yield* take()
    if (failure !== undefined) return yield* goOn(failure)
  }
  const failure = await feed(undefined)
  yield* take()
  if (failure !== undefined) yield* goOn(failure)
}

/**
 * A quote that is not closed in its line ends, for the parser, at the next one that somebody else opened: the lines
 * between would become a part of one value. Such a quote shows by what follows it, which is no end of a field.
 */
function swallowsLines(text: string, delimiter: string): boolean {
  if (!/[\r\n]/.test(text)) return false
  for (let at = 0; at < text.length; ) {
    if (text[at] === '"') {
      const closing = closingQuote(text, at)
      const after = text[closing + 1] ?? '\n'
      const isEnd = after === delimiter || after === '\r' || after === '\n'
      if (!isEnd && /[\r\n]/.test(text.slice(at, closing))) return true
      at = closing
    }
    const next = text.indexOf(delimiter, at)
    if (next === -1) return false
    at = next + 1
  }
  return false
}

function closingQuote(text: string, opening: number): number {
  for (let at = opening + 1; ; at += 2) {
    at = text.indexOf('"', at)
    if (at === -1) return text.length
    if (text[at + 1] !== '"') return at
  }
}

/** Of a Windows file the parser leaves out the second half of a line end, except between quotes. */
function breaksIn(text: string): number {
  return text.match(/\r\n|\r|\n/g)?.length ?? 0
}

function isCsvError(error: Error): error is CsvError {
  return 'code' in error && String(error.code).startsWith('CSV_')
}
