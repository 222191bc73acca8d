/** `importlist`: the members of another list into this one, as a job (reference/contacts.md §5.5). */
import { copyMethods } from '../../../contacts/copy-list.ts'
import { createJob } from '../../../contacts/jobs.ts'
import { type ContactList, findContactList } from '../../../contacts/lists.ts'
import type { ContactListId } from '../../../mail/ids.ts'
import type { Action } from '../resource.ts'
import { badRequest } from '../rest-errors.ts'
import { invalidProperty, missingProperty } from './contact-problems.ts'
import { findOwnJob } from './job-shape.ts'

const kind = 'copy-list'

export const importList: Action<ContactList> = {
  description: 'Copies the members of another list into this one: a job.',
  async post({ db, keyId, parts }, list, body) {
    const sourceId = Number(body.get('listid') ?? Number.NaN)
    if (!body.has('listid')) throw missingProperty('ListID')
    if (!body.has('action')) throw missingProperty('Action')
    const word = String(body.get('action')).trim().toLowerCase()
    const method = copyMethods.find((one) => one === word)
    if (method === undefined) {
      throw invalidProperty('Action', `MJ04 Value must be one of: ${copyMethods.join(', ')}`)
    }
    const source = Number.isSafeInteger(sourceId)
      ? await findContactList(db, { keyId, id: sourceId as ContactListId })
      : undefined
    if (source === undefined || source.deletedAt !== null || source.id === list.id) {
      throw badRequest(`List ID ${String(body.get('listid')).slice(0, 100)} is invalid or deleted`)
    }
    if (list.deletedAt !== null) throw badRequest(`List ID ${list.id} is invalid or deleted`)
    const jobId = await createJob(parts.contacts, {
      ...{ keyId, kind, method, targets: [] },
      listId: list.id,
      sourceId: source.id,
    })
    return [{ JobID: jobId }]
  },
  async poll(query, list, jobId) {
    const job = await findOwnJob(query, { jobId, kind, listId: list.id })
    return (
      job && [
        { JobID: job.id, Action: job.method, ListID: job.sourceId, Status: job.status, Count: job.processed },
      ]
    )
  },
}
