/** Records of a job, gathered into steps. */
import type { ContactJobId } from '../mail/ids.ts'
import type { JobError } from './jobs.ts'
import type { ListTarget } from './members.ts'
import type { NewContact } from './store-contacts.ts'

// A step is one transaction, which mail waits for on SQLite: it takes a few milliseconds.
const recordsPerStep = 250
const valuesPerStep = 2_500
const longestLine = 10_000

export type Outcome = { contact: NewContact } | { problem: string; field: string }

export type BatchOptions = {
  targets: readonly ListTarget[]
  origin: string
  creates: boolean
  jobId?: ContactJobId
}

export type GatheredStep = {
  position: number
  processed: number
  errors: readonly JobError[]
  batch: BatchOptions & { contacts: readonly NewContact[] }
  /** Where each contact came from. */
  lines: readonly { email: string; number: number; line: string }[]
}

export type Gatherer = {
  /** Record `number`, counted from 1. */
  add(number: number, line: string, outcome: Outcome): void
  has(email: string): boolean
  isFull(): boolean
  isEmpty(): boolean
  take(): GatheredStep
}

/** Of two records with one address in a step the later one adds to what the first said. */
export function createGatherer(options: BatchOptions): Gatherer {
  let contacts = new Map<string, NewContact>()
  let errors: JobError[] = []
  let lines: { email: string; number: number; line: string }[] = []
  let records = 0
  let values = 0
  let position = 0

  return {
    add(number, text, outcome) {
      records += 1
      position = number
      const line = text.slice(0, longestLine).toWellFormed().replaceAll('\0', '')
      if ('problem' in outcome) {
        errors.push({ number, line, ...outcome })
        return
      }
      const { contact } = outcome
      values += contact.values?.size ?? 0
      const before = contacts.get(contact.email)
      contacts.set(contact.email, before === undefined ? contact : merge(before, contact))
      lines.push({ email: contact.email, number, line })
    },
    has: (email) => contacts.has(email),
    isFull: () => records >= recordsPerStep || values >= valuesPerStep,
    isEmpty: () => records === 0,
    take() {
      const step = {
        ...{ position, processed: records, errors, lines },
        batch: { ...options, contacts: [...contacts.values()] },
      }
      contacts = new Map()
      errors = []
      lines = []
      records = 0
      values = 0
      return step
    },
  }
}

function merge(before: NewContact, after: NewContact): NewContact {
  return {
    ...before,
    ...after,
    values: new Map([...(before.values ?? []), ...(after.values ?? [])]),
  }
}
