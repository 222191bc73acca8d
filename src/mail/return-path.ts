/**
 * The envelope sender that brings a bounce home: `b+<id>.<seal>@domain`. It names the message even when the report is
 * unreadable, and nobody can make one without our secret. Letters and digits of one case, because some hosts lower-case
 * or upper-case what they return to. The secret changes every month, and what an old one sealed counts for three more:
 * whoever learns a token, or a secret, has it for a season at most.
 */
import { hash, timingSafeEqual } from 'node:crypto'
import type { Address } from './address.ts'

export type ReturnPaths = {
  /** As it goes into MAIL FROM; `under` a domain of a customer that leads to ours. */
  make(messageId: number, under?: string): string
  /** The message id, or undefined when it is not ours, was tampered with or is too old. */
  read(address: Address): number | undefined
}

const prefix = 'b+'
/** RFC 4648 §6, lower-case. */
const alphabet = 'abcdefghijklmnopqrstuvwxyz234567'
const bitsPerLetter = 5
/** 80 bits: guessing one takes more attempts than any host will ever answer. */
const sealBytes = 10
/** 2^53 in letters of five bits. */
const maxIdLetters = 11
const tokenPattern = /^b\+([a-z2-7]{1,11})\.([a-z2-7]{16})$/

const periodMs = 30 * 24 * 60 * 60_000
/** Reports are later than this only by mistake. The next period's is another node's whose clock is ahead. */
const acceptedPeriods = [0, -1, -2, -3, 1]

export function createReturnPaths({
  domain,
  customLabel,
  secretOf,
  now,
}: {
  domain: string
  /** The first label of customers' domains that lead to ours: bounces under them are ours too. */
  customLabel?: string
  /** The same for a period on every node and after every start. */
  secretOf(period: number): Uint8Array
  now(): number
}): ReturnPaths {
  const seals = new Map<number, (id: string) => string>()
  const sealOf = (period: number) => {
    const known = seals.get(period)
    if (known !== undefined) return known
    const made = createSeal(secretOf(period))
    if (seals.size > 2 * acceptedPeriods.length) seals.clear()
    seals.set(period, made)
    return made
  }
  const currentPeriod = () => Math.floor(now() / periodMs)
  // The seal says whose it is; the domain only has to be one that we could have used.
  const isOurDomain = (name: string) =>
    name === domain || (customLabel !== undefined && name.startsWith(`${customLabel}.`))
  return {
    make: (messageId, under = domain) => {
      const id = formatId(messageId)
      return `${prefix}${id}.${sealOf(currentPeriod())(id)}@${under}`
    },
    read: ({ local, domain: addressed }) => {
      const [, id, given] = tokenPattern.exec(local.toLowerCase()) ?? []
      if (!isOurDomain(addressed) || id === undefined || given === undefined) return undefined
      const period = currentPeriod()
      const isOurs = acceptedPeriods.some((offset) =>
        timingSafeEqual(Buffer.from(sealOf(period + offset)(id)), Buffer.from(given)),
      )
      return isOurs ? readId(id) : undefined
    },
  }
}

const sha256Block = 64
const sha256Size = 32
/** Keeps seals that are made for other purposes with the same secret from counting here. */
const purpose = 'return-path '

/**
 * HMAC-SHA256 (RFC 2104), cut to `sealBytes`, of an id. Written out because two `crypto.hash` calls on prepared
 * buffers take a third of the time of `createHmac`, and every message needs one.
 */
function createSeal(secret: Uint8Array): (id: string) => string {
  const key = secret.length > sha256Block ? hash('sha256', secret, 'buffer') : secret
  const inner = Buffer.alloc(sha256Block + purpose.length + maxIdLetters, 0x36)
  const outer = Buffer.alloc(sha256Block + sha256Size, 0x5c)
  for (const [i, octet] of key.entries()) {
    inner[i] = octet ^ 0x36
    outer[i] = octet ^ 0x5c
  }
  inner.write(purpose, sha256Block, 'latin1')
  return (id) => {
    const end = inner.write(id, sha256Block + purpose.length, 'latin1') + sha256Block + purpose.length
    outer.write(hash('sha256', inner.subarray(0, end), 'binary'), sha256Block, 'latin1')
    return formatSeal(hash('sha256', outer, 'binary'))
  }
}

/** `digest` as a string of octets. */
function formatSeal(digest: string): string {
  let text = ''
  let held = 0
  let bits = 0
  for (let i = 0; i < sealBytes; i++) {
    held = ((held << 8) | digest.charCodeAt(i)) & 0xfff
    bits += 8
    while (bits >= bitsPerLetter) {
      bits -= bitsPerLetter
      text += alphabet.charAt((held >> bits) & 31)
    }
  }
  return text
}

function formatId(id: number): string {
  if (!Number.isSafeInteger(id) || id < 0) throw new Error(`not a message id: ${id}`)
  let text = ''
  let rest = id
  // Ids are larger than 32 bits: division instead of shifts.
  do {
    text = alphabet.charAt(rest % 32) + text
    rest = Math.floor(rest / 32)
  } while (rest > 0)
  return text
}

function readId(text: string): number | undefined {
  let id = 0
  for (const letter of text) id = id * 32 + alphabet.indexOf(letter)
  return Number.isSafeInteger(id) ? id : undefined
}
