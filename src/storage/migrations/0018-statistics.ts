/** Counters, and how far they have come. */
import type { Migration } from './migration.ts'

const metrics = [
  'processed',
  'sent',
  'blocked',
  'soft_bounced',
  'hard_bounced',
  'deferred',
  'opened',
  'clicked',
  'unsubscribed',
  'complained',
  'opens',
  'clicks',
  'unsubscriptions',
  'complaints',
  'open_delay',
  'click_delay',
  'machine_opens',
  'machine_clicks',
]

export const statisticsMigration: Migration = {
  version: 18,
  name: 'statistics',
  statements: ({ integer, text, end }) => [
    `CREATE TABLE stat_progress (name ${text} NOT NULL PRIMARY KEY, last_id ${integer} NOT NULL) ${end}`,
    "INSERT INTO stat_progress (name, last_id) VALUES ('events', 0)",
    `CREATE TABLE stat_counters (
      source ${text} NOT NULL,
      source_id ${integer} NOT NULL,
      detail ${text} NOT NULL,
      timing ${text} NOT NULL,
      resolution ${text} NOT NULL,
      slice ${integer} NOT NULL,
      last_at ${integer} NOT NULL,
      ${metrics.map((name) => `${name} ${integer} NOT NULL`).join(', ')},
      PRIMARY KEY (source, source_id, timing, resolution, slice, detail)
    ) ${end}`,
    'CREATE INDEX stat_counters_by_age ON stat_counters (resolution, slice)',
    `CREATE TABLE stat_deliveries (
      delivery_id ${integer} NOT NULL PRIMARY KEY,
      message_id ${integer} NOT NULL,
      key_id ${integer} NOT NULL,
      counted_as ${text} NOT NULL,
      opened_at ${integer},
      clicked_at ${integer},
      unsubscribed_at ${integer},
      complained_at ${integer},
      opens ${integer} NOT NULL,
      clicks ${integer} NOT NULL
    ) ${end}`,
    'CREATE INDEX stat_deliveries_by_message ON stat_deliveries (message_id)',
    'CREATE INDEX stat_deliveries_by_key ON stat_deliveries (key_id, counted_as, delivery_id)',
    `CREATE TABLE stat_links (
      source ${text} NOT NULL,
      source_id ${integer} NOT NULL,
      link ${text} NOT NULL,
      id ${integer} NOT NULL,
      position ${integer} NOT NULL,
      url ${text} NOT NULL,
      clicked_messages ${integer} NOT NULL,
      clicked_events ${integer} NOT NULL,
      PRIMARY KEY (source, source_id, link)
    ) ${end}`,
    'CREATE INDEX stat_links_by_clicks ON stat_links (source, source_id, clicked_events)',
    `CREATE TABLE stat_clicked (
      message_id ${integer} NOT NULL,
      delivery_id ${integer} NOT NULL,
      link ${text} NOT NULL,
      PRIMARY KEY (message_id, delivery_id, link)
    ) ${end}`,
  ],
}
