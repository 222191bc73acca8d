/** Stored templates and what they held. */
import type { Migration } from './migration.ts'

export const templatesMigration: Migration = {
  version: 19,
  name: 'templates',
  statements: ({ integer, text, end }) => [
    `CREATE TABLE templates (
      id ${integer} NOT NULL PRIMARY KEY,
      owner_type ${text} NOT NULL,
      owner_id ${integer} NOT NULL,
      name ${text} NOT NULL,
      author ${text} NOT NULL,
      description ${text} NOT NULL,
      copyright ${text} NOT NULL,
      edit_mode ${integer} NOT NULL,
      locale ${text} NOT NULL,
      purposes ${text} NOT NULL,
      categories ${text} NOT NULL,
      presets ${text} NOT NULL,
      is_starred ${integer} NOT NULL,
      makes_text ${integer} NOT NULL,
      version ${integer} NOT NULL,
      created_at ${integer} NOT NULL,
      updated_at ${integer} NOT NULL,
      deleted_at ${integer}
    ) ${end}`,
    'CREATE UNIQUE INDEX templates_by_name ON templates (owner_type, owner_id, name) WHERE deleted_at IS NULL',
    'CREATE INDEX templates_by_owner ON templates (owner_type, owner_id, id)',
    'CREATE INDEX templates_deleted ON templates (deleted_at) WHERE deleted_at IS NOT NULL',
    `CREATE TABLE template_versions (
      template_id ${integer} NOT NULL,
      number ${integer} NOT NULL,
      html ${text},
      text ${text},
      mjml ${text},
      headers ${text} NOT NULL,
      html_from_mjml ${integer} NOT NULL,
      text_from_html ${integer} NOT NULL,
      created_at ${integer} NOT NULL,
      created_by ${text} NOT NULL,
      PRIMARY KEY (template_id, number)
    ) ${end}`,
  ],
}
