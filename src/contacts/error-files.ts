/** What a job refused, as a file to correct and send again. */
import type { Kysely } from 'kysely'
import type { Schema } from '../storage/schema.ts'
import type { Storage } from '../storage/storage.ts'
import { delimiterOf } from './csv-delimiter.ts'
import { type ContactJob, jobErrors } from './jobs.ts'
import { firstLineOf } from './uploads.ts'

/**
 * The refused lines as they were, with a column for why: `###message###field` (reference: contacts.md §7). Why the job
 * ended before its time stands on a line of its own at the end.
 */
export async function* csvErrorFile({ db }: Pick<Storage, 'db'>, job: ContactJob): AsyncGenerator<string> {
  const first = job.uploadId === null ? '' : await firstLineOf({ db }, job.uploadId)
  const delimiter = delimiterOf(first)
  if (first !== '' && job.options.fieldNames === undefined) yield `${first}${delimiter}error\n`
  for await (const page of jobErrors(db, job.id)) {
    const lines = page.map(
      ({ line, problem, field }) => `${line}${delimiter}${quoted(`###${problem}###${field}`, delimiter)}\n`,
    )
    yield lines.join('')
  }
  if (job.problem === '') return
  if (first === '') yield 'error\n'
  yield `${first === '' ? '' : delimiter}${quoted(`###${job.problem}###`, delimiter)}\n`
}

/** Something was refused, or the job as a whole came to nothing. */
export function hasErrors({ refused, problem }: Pick<ContactJob, 'refused' | 'problem'>): boolean {
  return refused > 0 || problem !== ''
}

export async function* jsonErrorFile(db: Kysely<Schema>, job: ContactJob): AsyncGenerator<string> {
  let before = '['
  for await (const page of jobErrors(db, job.id)) {
    for (const { number, line, problem, field } of page) {
      yield `${before}${JSON.stringify({ Entry: number, Error: problem, Field: field, Contact: line })}`
      before = ',\n'
    }
  }
  if (job.problem !== '') {
    yield `${before}${JSON.stringify({ Entry: 0, Error: job.problem, Field: '', Contact: '' })}`
    before = ',\n'
  }
  yield before === '[' ? '[]' : ']'
}

function quoted(text: string, delimiter: string): string {
  const needsQuotes = /["\n\r]/.test(text) || text.includes(delimiter)
  return needsQuotes ? `"${text.replaceAll('"', '""')}"` : text
}
