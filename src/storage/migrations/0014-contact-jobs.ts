/** Work on many contacts: what was uploaded, how far it has come, what was refused. */
import type { Migration } from './migration.ts'

export const contactJobsMigration: Migration = {
  version: 14,
  name: 'contact-jobs',
  statements: ({ integer, text, bytes, end }) => [
    `CREATE TABLE contact_uploads (
      id ${integer} PRIMARY KEY,
      key_id ${integer} NOT NULL,
      list_id ${integer},
      size_bytes ${integer} NOT NULL,
      is_complete ${integer} NOT NULL,
      created_at ${integer} NOT NULL
    ) ${end}`,
    'CREATE INDEX contact_uploads_by_age ON contact_uploads (created_at)',
    `CREATE TABLE contact_upload_parts (
      upload_id ${integer} NOT NULL,
      number ${integer} NOT NULL,
      content ${bytes} NOT NULL,
      PRIMARY KEY (upload_id, number)
    ) ${end}`,
    `CREATE TABLE contact_jobs (
      id ${integer} PRIMARY KEY,
      key_id ${integer} NOT NULL,
      kind ${text} NOT NULL,
      method ${text} NOT NULL,
      targets ${text} NOT NULL,
      list_id ${integer},
      source_id ${integer},
      upload_id ${integer},
      options ${text} NOT NULL,
      status ${text} NOT NULL,
      position ${integer} NOT NULL DEFAULT 0,
      processed ${integer} NOT NULL DEFAULT 0,
      refused ${integer} NOT NULL DEFAULT 0,
      error_limit_percent ${integer} NOT NULL DEFAULT 0,
      problem ${text} NOT NULL DEFAULT '',
      requested_at ${integer} NOT NULL,
      started_at ${integer},
      alive_at ${integer},
      ended_at ${integer}
    ) ${end}`,
    'CREATE INDEX contact_jobs_by_key ON contact_jobs (key_id, id)',
    `CREATE TABLE contact_job_errors (
      job_id ${integer} NOT NULL,
      number ${integer} NOT NULL,
      line ${text} NOT NULL,
      problem ${text} NOT NULL,
      field ${text} NOT NULL,
      PRIMARY KEY (job_id, number)
    ) ${end}`,
  ],
}
