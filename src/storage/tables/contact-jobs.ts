import type { Generated } from 'kysely'
import type { ContactJobId, ContactListId, KeyId, UploadId } from '../../mail/ids.ts'
import type { Flag, Instant } from '../schema.ts'

export type ContactJobKind = 'manage' | 'csv' | 'copy-list' | 'forget-property'
export type ContactJobStatus =
  | 'Allocated'
  | 'Upload'
  | 'Prepare'
  | 'Importing'
  | 'Completed'
  | 'Error'
  | 'Abort'

export interface ContactJobTables {
  /** Files to be imported, in parts that fit into memory. */
  contact_uploads: {
    id: UploadId
    key_id: KeyId
    list_id: ContactListId | null
    size_bytes: number
    /** 0: is still arriving, or broke off. */
    is_complete: Flag
    created_at: Instant
  }
  contact_upload_parts: { upload_id: UploadId; number: number; content: Uint8Array }
  contact_jobs: {
    id: ContactJobId
    key_id: KeyId
    kind: ContactJobKind
    /** What is done with each contact: contacts/actions.ts. */
    method: string
    /** JSON: the lists that it is done to, `[{ "listId": 1, "action": "addforce" }]`. */
    targets: string
    /** The list that it was asked for at; null when it is about all contacts. */
    list_id: ContactListId | null
    /** The list that is copied, or the property that is forgotten. */
    source_id: number | null
    upload_id: UploadId | null
    /** JSON, by kind. */
    options: string
    status: ContactJobStatus
    /** How far it has come: records read, or the last contact id. Written with what was done up to there. */
    position: Generated<number>
    processed: Generated<number>
    refused: Generated<number>
    /** The job ends when more of its records than this are refused; 0 for never. */
    error_limit_percent: Generated<number>
    /** Why it ended in error, in words. */
    problem: Generated<string>
    requested_at: Instant
    started_at: Instant | null
    alive_at: Instant | null
    ended_at: Instant | null
  }
  /** Records that were refused; `number` counts them in the file, from 1. */
  contact_job_errors: {
    job_id: ContactJobId
    number: number
    line: string
    problem: string
    field: string
  }
}
