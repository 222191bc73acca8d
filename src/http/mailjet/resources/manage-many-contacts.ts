/** `managemanycontacts`, of one list or of any number of lists: a job (reference/contacts.md §5.4). */
import { createJob } from '../../../contacts/jobs.ts'
import type { ContactList } from '../../../contacts/lists.ts'
import type { ManagedContact } from '../../../contacts/manage-steps.ts'
import { type ListTarget, readListAction } from '../../../contacts/members.ts'
import { storeUpload } from '../../../contacts/uploads.ts'
import type { ContactListId } from '../../../mail/ids.ts'
import { type Properties, propertiesOf } from '../properties.ts'
import type { Action, GlobalAction, Query } from '../resource.ts'
import { badRequest } from '../rest-errors.ts'
import { readTargets } from './contact-lists.ts'
import { invalidProperty, missingProperty } from './contact-problems.ts'
import { findOwnJob, jobShape } from './job-shape.ts'

const kind = 'manage'
const linesPerChunk = 500

export const manageManyOfList: Action<ContactList> = {
  description: 'Stores many contacts and adds them to the list, unsubscribes them or removes them: a job.',
  async post(query, list, body) {
    if (!body.has('action')) throw missingProperty('Action')
    const action = readListAction(body.get('action'))
    if (action === undefined) {
      throw invalidProperty('Action', 'MJ04 Value must be one of: addforce, addnoforce, remove, unsub')
    }
    if (list.deletedAt !== null) throw badRequest(`List ID ${list.id} is invalid or deleted`)
    return startJob(query, body, { targets: [{ listId: list.id, action }], listId: list.id })
  },
  async poll(query, list, jobId) {
    const job = await findOwnJob(query, { jobId, kind, listId: list.id })
    return job && [jobShape(query, job)]
  },
}

export const manageMany: GlobalAction = {
  description: 'Stores many contacts and, where lists are given, changes their memberships: a job.',
  async post(query, body) {
    const lists = body.get('contactslists')
    const isWithout = lists === undefined || lists === null || (Array.isArray(lists) && lists.length === 0)
    const { targets } = isWithout ? { targets: [] } : await readTargets(query, body)
    return startJob(query, body, { targets })
  },
  async poll(query, jobId) {
    const job = await findOwnJob(query, { jobId, kind, listId: null })
    return job && [jobShape(query, job)]
  },
}

async function startJob(
  { keyId, parts: { contacts } }: Query,
  body: Properties,
  { targets, listId }: { targets: readonly ListTarget[]; listId?: ContactListId },
): Promise<object[]> {
  const entries = body.get('contacts')
  if (!Array.isArray(entries) || entries.length === 0) throw missingProperty('Contacts')
  const wrong = entries.findIndex((entry) => propertiesOf(entry) === undefined)
  if (wrong !== -1) throw invalidProperty('Contacts', `MJ04 Entry ${wrong + 1} must be an object`)
  const upload = await storeUpload(contacts, {
    keyId,
    listId: listId ?? null,
    content: linesOf(entries),
  })
  const onlyRemoves = targets.length > 0 && targets.every(({ action }) => action === 'remove')
  const jobId = await createJob(contacts, {
    keyId,
    kind,
    method: onlyRemoves ? 'remove' : (targets[0]?.action ?? 'store'),
    targets,
    uploadId: upload.id,
    ...(listId !== undefined && { listId }),
  })
  return [{ JobID: jobId }]
}

function* linesOf(entries: readonly unknown[]): Generator<Buffer> {
  for (let at = 0; at < entries.length; at += linesPerChunk) {
    const lines = entries.slice(at, at + linesPerChunk).map((entry) => {
      const properties = propertiesOf(entry)
      const contact: ManagedContact = {
        email: properties?.get('email'),
        name: properties?.get('name'),
        isExcluded: properties?.get('isexcludedfromcampaigns'),
        properties: properties?.get('properties'),
      }
      return `${JSON.stringify(contact)}\n`
    })
    yield Buffer.from(lines.join(''))
  }
}
