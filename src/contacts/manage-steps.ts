/** `managemanycontacts`: contacts as JSON, one on a line of the upload (reference: contacts.md §5.4). */
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { createGatherer, type Outcome } from './batches.ts'
import { contactEmail } from './contacts.ts'
import type { ContactsContext } from './context.ts'
import type { ContactJob } from './jobs.ts'
import { type Property, propertiesByName } from './properties.ts'
import { readValues } from './save-contacts.ts'
import type { Step } from './steps.ts'
import { readUpload } from './uploads.ts'

/** A line of the upload. */
export type ManagedContact = {
  email: unknown
  name?: unknown
  isExcluded?: unknown
  properties?: unknown
}

export async function* manageSteps({ storage }: ContactsContext, job: ContactJob): AsyncGenerator<Step> {
  if (job.uploadId === null) return
  const properties = await propertiesByName(storage.db, job.keyId)
  const gatherer = createGatherer({
    targets: job.targets,
    origin: `job ${job.id}`,
    creates: job.method !== 'remove',
  })
  const lines = createInterface({
    input: Readable.from(readUpload(storage, job.uploadId)),
    crlfDelay: Number.POSITIVE_INFINITY,
  })
  let number = 0
  for await (const line of lines) {
    number += 1
    if (number <= job.position) continue
    gatherer.add(number, line, readContact(line, properties))
    if (gatherer.isFull()) yield gatherer.take()
  }
  if (!gatherer.isEmpty()) yield gatherer.take()
}

function readContact(line: string, properties: ReadonlyMap<string, Property>): Outcome {
  const given = JSON.parse(line) as ManagedContact
  const email = typeof given.email === 'string' ? contactEmail(given.email) : undefined
  if (email === undefined) return { problem: 'Invalid email address', field: 'Email' }
  const entries =
    typeof given.properties === 'object' && given.properties !== null ? Object.entries(given.properties) : []
  const { values, problems } = readValues(entries, properties)
  const [first] = problems
  if (first !== undefined) {
    const words = { unknown: 'Property not defined', type: 'Property type does not match definition' }
    return { problem: words[first.problem], field: first.name }
  }
  const isExcluded = readFlag(given.isExcluded)
  return {
    contact: {
      email,
      values,
      ...(typeof given.name === 'string' && { name: given.name }),
      ...(isExcluded !== undefined && { isExcluded }),
    },
  }
}

function readFlag(value: unknown): boolean | undefined {
  const word = String(value).toLowerCase()
  if (word === 'true' || word === '1') return true
  return word === 'false' || word === '0' ? false : undefined
}
