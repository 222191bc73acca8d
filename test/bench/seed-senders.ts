/** Puts many validated senders into the database of a running server, as a second, patient writer. */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'

type Seed = {
  folder: string
  env: Record<string, string>
  apiKey: string
  senders: number
  domains: number
  addressOf: (index: number) => string
}

/** Above every id that the server hands out during a benchmark. */
const firstId = 800_000_000_000_000

export async function seedSenders(seed: Seed): Promise<void> {
  const url = seed.env.PARAVION_DATABASE_URL
  if (url === undefined) seedSqlite(seed)
  else await seedPostgres(url, seed)
}

const senderColumns = '(id, key_id, email, name, kind, is_default, status, domain_id, created_at)'
const domainColumns = '(id, key_id, name, ownership_token, created_at)'

function seedSqlite({ folder, apiKey, senders, domains, addressOf }: Seed): void {
  const database = new DatabaseSync(join(folder, 'paravion.db'))
  try {
    database.exec('PRAGMA busy_timeout = 10000; BEGIN IMMEDIATE')
    const keyId = database.prepare('SELECT id FROM api_keys WHERE public_key = ?').get(apiKey)?.id ?? 0
    const addDomain = database.prepare(`INSERT INTO domains ${domainColumns} VALUES (?, ?, ?, ?, 0)`)
    for (let n = 0; n < domains; n++) addDomain.run(firstId + n, keyId, `domain${n}.example`, tokenOf(n))
    const addSender = database.prepare(
      `INSERT INTO senders ${senderColumns} VALUES (?, ?, ?, '', 'unknown', 0, 'active', ?, 0)`,
    )
    for (let n = 0; n < senders; n++) addSender.run(firstId + n, keyId, addressOf(n), firstId + (n % domains))
    database.exec('COMMIT')
  } finally {
    database.close()
  }
}

async function seedPostgres(url: string, { apiKey, senders, domains, addressOf }: Seed): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const found = await client.query('SELECT id FROM api_keys WHERE public_key = $1', [apiKey])
    const keyId: unknown = found.rows[0]?.id
    const ids = (count: number) => Array.from({ length: count }, (_, n) => firstId + n)
    await client.query(
      `INSERT INTO domains ${domainColumns} SELECT id, $1, name, token, 0 FROM unnest($2::int8[], $3::text[], $4::text[]) AS d (id, name, token)`,
      [
        keyId,
        ids(domains),
        ids(domains).map((_, n) => `domain${n}.example`),
        ids(domains).map((_, n) => tokenOf(n)),
      ],
    )
    await client.query(
      `INSERT INTO senders ${senderColumns} SELECT id, $1, email, '', 'unknown', 0, 'active', $2 + mod(id, $3), 0 FROM unnest($4::int8[], $5::text[]) AS s (id, email)`,
      [keyId, firstId, domains, ids(senders), ids(senders).map((_, n) => addressOf(n))],
    )
  } finally {
    await client.end()
  }
}

function tokenOf(index: number): string {
  return index.toString(16).padStart(32, '0')
}
