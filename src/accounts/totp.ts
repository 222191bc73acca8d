/** One-time codes of authenticator apps: RFC 6238 with what every app understands, SHA-1, 6 digits, 30 seconds. */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

const stepMs = 30_000
const digits = 6
/** A clock that is off, or a code typed slowly: one step before and one after. */
const tolerance = 1
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** 160 bits, as RFC 4226 §4 recommends, in base32. */
export function newTotpSecret(): string {
  return formatBase32(randomBytes(20))
}

/** The code of a step: RFC 4226 §5.3. */
export function totpCode(secret: Uint8Array, step: number, length: number = digits): string {
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(step))
  const mac = createHmac('sha1', secret).update(counter).digest()
  const offset = (mac.at(-1) ?? 0) & 0xf
  const number = mac.readUInt32BE(offset) & 0x7fffffff
  return String(number % 10 ** length).padStart(length, '0')
}

/** The step whose code this is; undefined for a wrong code. What is not after `usedStep` was used before. */
export function matchTotp(
  secret: string,
  code: string,
  { now, usedStep }: { now: number; usedStep: number },
): number | undefined {
  const given = Buffer.from(code.replaceAll(/[\s-]/g, ''))
  const bytes = parseBase32(secret)
  const current = Math.floor(now / stepMs)
  let matched: number | undefined
  for (let step = current - tolerance; step <= current + tolerance; step++) {
    const expected = Buffer.from(totpCode(bytes, step))
    if (given.length === expected.length && timingSafeEqual(given, expected) && step > usedStep)
      matched = step
  }
  return matched
}

/** What an authenticator app reads from the QR code. */
export function otpauthUri({
  secret,
  email,
  issuer,
}: {
  secret: string
  email: string
  issuer: string
}): string {
  const label = `${encodeURIComponent(issuer)}:${encodeURIComponent(email)}`
  return `otpauth://totp/${label}?secret=${secret}&issuer=${encodeURIComponent(issuer)}&algorithm=SHA1&digits=${digits}&period=${stepMs / 1000}`
}

/** RFC 4648 §6, without padding. */
export function formatBase32(bytes: Uint8Array): string {
  let text = ''
  let bits = 0
  let value = 0
  for (const byte of bytes) {
    value = (value << 8) | byte
    bits += 8
    while (bits >= 5) {
      bits -= 5
      text += alphabet[(value >>> bits) & 31]
      value &= (1 << bits) - 1
    }
  }
  return bits === 0 ? text : text + alphabet[(value << (5 - bits)) & 31]
}

export function parseBase32(text: string): Buffer {
  const bytes: number[] = []
  let bits = 0
  let value = 0
  for (const character of text.toUpperCase()) {
    const index = alphabet.indexOf(character)
    if (index === -1) throw new Error('a stored secret is not base32')
    value = (value << 5) | index
    bits += 5
    if (bits >= 8) {
      bits -= 8
      bytes.push((value >>> bits) & 255)
      value &= (1 << bits) - 1
    }
  }
  return Buffer.from(bytes)
}
