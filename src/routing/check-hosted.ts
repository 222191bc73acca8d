import { Refused } from '../runtime/refused.ts'

/** Hosting networks block port 25 to keep mass mailers out; so do Odoo Online and Odoo.sh. */
export function checkHostedPort(port: number, { isHosted }: { isHosted: boolean }): void {
  if (!isHosted || port !== 25) return
  throw new Refused(
    'bad-value',
    'port 25 is blocked here for security reasons; use 465 (TLS), 587 or 2525 (STARTTLS) of the outgoing server',
  )
}
