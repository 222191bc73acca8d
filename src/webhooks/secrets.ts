/** The signature over a body, by which a receiver knows that it is from here and not older than it should be. */
import { createHmac, randomBytes } from 'node:crypto'

export const signatureHeader = 'X-Paravion-Signature'

/** After a rotation, bodies are signed with both secrets for so long. */
export const bothSecretsMs = 24 * 3_600_000

export function makeSecret(): string {
  return `whsec_${randomBytes(32).toString('base64url')}`
}

/** `t=<Unix seconds>,v1=<hex>`, with a `v1` for each secret: HMAC-SHA256 over the seconds, a dot and the body. */
export function signBody(secrets: readonly string[], { body, at }: { body: Buffer; at: number }): string {
  const seconds = Math.floor(at / 1000)
  const signatures = secrets.map((secret) => {
    const hmac = createHmac('sha256', secret).update(`${seconds}.`).update(body)
    return `v1=${hmac.digest('hex')}`
  })
  return [`t=${seconds}`, ...signatures].join(',')
}
