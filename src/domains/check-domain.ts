/** Looks at all records of a domain, keeps what it found, and changes over to a new key when DNS shows it. */
import type { DomainId } from '../mail/ids.ts'
import { Refused } from '../runtime/refused.ts'
import type { Instant, RecordStatus } from '../storage/schema.ts'
import { checkDkim } from './checks/check-dkim.ts'
import { checkDmarc } from './checks/check-dmarc.ts'
import { checkMx, checkReturnPath } from './checks/check-mail-hosts.ts'
import { checkSpf } from './checks/check-spf.ts'
import type { RecordCheck } from './checks/record-check.ts'
import type { DomainsContext } from './context.ts'
import { type Domain, type DomainKey, findDomainById, readKeys, retiredKeyMs } from './domains.ts'

export type DomainCheck = {
  domain: Domain
  /** DKIM (one for each key that signs or is to sign), SPF, DMARC, return path, MX. */
  checks: readonly RecordCheck[]
}

type CheckedKey = DomainKey & { check: RecordCheck }

export async function checkDomain(ctx: DomainsContext, id: DomainId): Promise<DomainCheck> {
  const before = await findDomainById(ctx.storage, id)
  if (before === undefined) throw new Refused('not-found', `there is no domain ${id}`)
  const { zone, settings } = ctx
  const domainName = before.name
  const keys = (await readKeys(ctx.storage, id)).filter(({ state }) => state !== 'retired')

  const [keyChecks, spf, returnPath, mx] = await Promise.all([
    Promise.all(keys.map((key) => checkDkim(zone, key))),
    // The instance's own domain says whence it sends; it need not include itself.
    checkSpf(zone, {
      domainName,
      include: settings.spfInclude,
      mustInclude: domainName !== settings.name,
    }),
    checkReturnPath(zone, { domainName, bounceDomain: settings.bounceDomain }),
    checkMx(zone, { domainName, host: settings.name }),
  ])
  const checked = keys.flatMap((key, index) => {
    const check = keyChecks[index]
    return check === undefined ? [] : [{ ...key, check }]
  })
  const dkimStatus = dkimStatusOf(checked, before.dkimStatus)
  const dmarc = await checkDmarc(zone, { domainName, dkimIsRight: dkimStatus === 'ok' })
  const statuses = {
    dkim_status: dkimStatus,
    spf_status: statusOf(spf, before.spfStatus),
    dmarc_status: statusOf(dmarc, before.dmarcStatus),
    return_path_status: statusOf(returnPath, before.returnPathStatus),
  }
  const checks = [...keyChecks, spf, dmarc, returnPath, mx]
  const problem = describeProblems(checks)
  const now = ctx.clock.now()
  await ctx.storage.db.transaction().execute(async (transaction) => {
    await transaction
      .updateTable('domains')
      .set({ ...statuses, last_check_at: now, problem })
      .where('id', '=', id)
      .execute()
    await keepKeys(transaction, checked, now)
  })
  ctx.changed({ keyId: before.keyId, domain: domainName })
  const domain = await findDomainById(ctx.storage, id)
  if (domain === undefined) throw new Refused('not-found', `${domainName} was removed meanwhile`)
  tellChanges(ctx, before, domain)
  return { domain, checks }
}

/** Nothing aligned can be signed without an RSA key: few receivers know Ed25519. */
function dkimStatusOf(checked: readonly CheckedKey[], before: RecordStatus): RecordStatus {
  const next = checked.filter(({ state }) => state === 'next')
  const signing = isShown(next) ? next : checked.filter(({ state }) => state === 'active')
  const rsa = signing.filter(({ algorithm }) => algorithm === 'rsa-sha256')
  const needed = rsa.length > 0 ? rsa : signing
  if (needed.length === 0) return 'error'
  const statuses = needed.map(({ check }) => statusOf(check, before))
  return statuses.find((status) => status !== 'ok') ?? 'ok'
}

function isShown(keys: readonly CheckedKey[]): boolean {
  return keys.length > 0 && keys.every(({ check }) => check.status === 'ok' || check.status === 'advice')
}

function statusOf({ purpose, status }: RecordCheck, before: RecordStatus): RecordStatus {
  switch (status) {
    case 'ok':
      return 'ok'
    case 'advice':
      // An optional record that is not there is neither right nor wrong.
      return purpose === 'return-path' ? 'not-checked' : 'ok'
    case 'missing':
    case 'error':
      return 'error'
    case 'unknown':
      return before
  }
}

async function keepKeys(
  db: DomainsContext['storage']['db'],
  checked: readonly CheckedKey[],
  now: Instant,
): Promise<void> {
  const next = checked.filter(({ state }) => state === 'next')
  const changesOver = isShown(next)
  for (const key of checked) {
    const { status } = key.check
    if (status === 'unknown') continue
    const isRight = status === 'ok' || status === 'advice'
    const verifiedAt = isRight ? (key.verifiedAt ?? now) : null
    const retires = changesOver && key.state === 'active'
    await db
      .updateTable('dkim_keys')
      .set({
        verified_at: verifiedAt,
        state: changesOver ? (retires ? 'retired' : 'active') : key.state,
        ...(retires && { retired_at: now }),
      })
      .where('id', '=', key.id)
      // Another check, at the same time, may have changed over already.
      .where('state', '=', key.state)
      .execute()
  }
  const [key] = checked
  if (key === undefined) return
  await db
    .deleteFrom('dkim_keys')
    .where('domain_name', '=', key.domainName)
    .where('state', '=', 'retired')
    .where('retired_at', '<=', now - retiredKeyMs)
    .execute()
}

const titles: Record<RecordCheck['purpose'], string> = {
  ownership: 'Ownership',
  dkim: 'DKIM',
  spf: 'SPF',
  dmarc: 'DMARC',
  'return-path': 'Return path',
  mx: 'MX',
}

function describeProblems(checks: readonly RecordCheck[]): string {
  return checks
    .filter(({ status }) => status === 'error' || status === 'missing')
    .map(({ purpose, problems }) => `${titles[purpose]}: ${problems.join('; ')}`)
    .join('\n')
}

/** What was right and is not any more must not go by unnoticed: from now on another domain signs. */
function tellChanges({ log }: DomainsContext, before: Domain, after: Domain): void {
  const { keyId, name: domain, problem } = after
  for (const record of ['dkim', 'spf', 'dmarc', 'returnPath'] as const) {
    const was = before[`${record}Status`]
    const is = after[`${record}Status`]
    if (was === 'ok' && is !== 'ok') log.warn({ keyId, domain, record, problem }, 'a DNS record broke')
    else if (was !== 'ok' && is === 'ok') log.info({ keyId, domain, record }, 'a DNS record is right now')
  }
}
