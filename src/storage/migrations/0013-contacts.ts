/** People, lists, what is known of people, and segments. */
import type { Migration } from './migration.ts'

export const contactsMigration: Migration = {
  version: 13,
  name: 'contacts',
  statements: ({ integer, real, text, end }) => [
    `CREATE TABLE contacts (
      id ${integer} PRIMARY KEY,
      key_id ${integer} NOT NULL,
      email ${text} NOT NULL,
      name ${text} NOT NULL DEFAULT '',
      is_opt_in_pending ${integer} NOT NULL DEFAULT 0,
      delivered_count ${integer} NOT NULL DEFAULT 0,
      created_at ${integer} NOT NULL,
      updated_at ${integer},
      exclusion_changed_at ${integer},
      last_activity_at ${integer},
      last_open_at ${integer},
      last_click_at ${integer},
      unsubscribed_at ${integer},
      job_id ${integer},
      erased_at ${integer}
    ) ${end}`,
    'CREATE UNIQUE INDEX contacts_by_email ON contacts (key_id, email)',
    'CREATE INDEX contacts_by_key ON contacts (key_id, id)',
    'CREATE INDEX contacts_by_delivered ON contacts (key_id, delivered_count, id)',
    'CREATE INDEX contacts_by_activity ON contacts (key_id, last_activity_at)',
    'CREATE INDEX contacts_erased ON contacts (erased_at) WHERE erased_at IS NOT NULL',
    `CREATE TABLE contact_lists (
      id ${integer} PRIMARY KEY,
      key_id ${integer} NOT NULL,
      name ${text} NOT NULL,
      address ${text} NOT NULL UNIQUE,
      created_at ${integer} NOT NULL,
      deleted_at ${integer},
      member_count ${integer} NOT NULL DEFAULT 0
    ) ${end}`,
    'CREATE INDEX contact_lists_by_key ON contact_lists (key_id, id)',
    'CREATE UNIQUE INDEX contact_lists_by_name ON contact_lists (key_id, name) WHERE deleted_at IS NULL',
    `CREATE TABLE list_members (
      id ${integer} PRIMARY KEY,
      key_id ${integer} NOT NULL,
      list_id ${integer} NOT NULL,
      contact_id ${integer} NOT NULL,
      is_unsubscribed ${integer} NOT NULL,
      subscribed_at ${integer},
      unsubscribed_at ${integer}
    ) ${end}`,
    'CREATE UNIQUE INDEX list_members_by_list ON list_members (list_id, contact_id)',
    'CREATE INDEX list_members_by_contact ON list_members (contact_id)',
    'CREATE INDEX list_members_by_key ON list_members (key_id, id)',
    'CREATE INDEX list_members_in_order ON list_members (list_id, id)',
    `CREATE TABLE contact_properties (
      id ${integer} PRIMARY KEY,
      key_id ${integer} NOT NULL,
      name ${text} NOT NULL,
      name_key ${text} NOT NULL,
      type ${text} NOT NULL,
      namespace ${text} NOT NULL,
      created_at ${integer} NOT NULL,
      deleted_at ${integer}
    ) ${end}`,
    'CREATE UNIQUE INDEX contact_properties_by_name ON contact_properties (key_id, namespace, name_key) WHERE deleted_at IS NULL',
    `CREATE TABLE contact_values (
      contact_id ${integer} NOT NULL,
      property_id ${integer} NOT NULL,
      text_value ${text},
      text_key ${text},
      number_value ${real},
      PRIMARY KEY (contact_id, property_id)
    ) ${end}`,
    `CREATE TABLE segments (
      id ${integer} PRIMARY KEY,
      key_id ${integer} NOT NULL,
      name ${text} NOT NULL,
      description ${text} NOT NULL,
      expression ${text} NOT NULL,
      created_at ${integer} NOT NULL,
      deleted_at ${integer},
      is_used ${integer} NOT NULL DEFAULT 0
    ) ${end}`,
    'CREATE INDEX segments_by_key ON segments (key_id, id)',
    'CREATE UNIQUE INDEX segments_by_name ON segments (key_id, name) WHERE deleted_at IS NULL',
  ],
}
