/** Contacts, lists and jobs. */

export type ContactList = {
  id: number
  name: string
  memberCount: number
  leftCount: number
  createdAt: number
}

export type ContactJob = {
  id: number
  kind: string
  method: string
  listId: number | null
  status: 'Allocated' | 'Upload' | 'Prepare' | 'Importing' | 'Completed' | 'Error' | 'Abort'
  processed: number
  refused: number
  problem: string
  newProperties: { name: string; type: 'str' | 'int' | 'float' | 'bool' | 'datetime' }[]
  requestedAt: number
  endedAt: number | null
}

export type ListedContact = {
  id: number
  email: string
  name: string
  isExcluded: boolean
  blockedBecause: string | null
  isOptInPending: boolean
  /** When they left the list that was asked for. */
  leftListAt: number | null
}
