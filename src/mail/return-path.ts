/**
 * The envelope sender that brings a bounce home: `b+<id>.<seal>@domain`. It names the message even when the report is
 * unreadable, and nobody can make one without our secret. Letters and digits of one case, because some hosts lower-case
 * or upper-case what they return to. The secret changes every month, and what an old one sealed counts for three more:
 * whoever learns a token, or a secret, has it for a season at most.
 */
import { timingSafeEqual } from 'node:crypto'
import type { Address } from './address.ts'
import { createMac } from './mac.ts'

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

/** Keeps seals that are made for other purposes with the same secret from counting here. */
const purpose = 'return-path '

/** A MAC of an id, cut to `sealBytes`. */
function createSeal(secret: Uint8Array): (id: string) => string {
  const mac = createMac(secret)
  const data = Buffer.alloc(purpose.length + maxIdLetters)
  data.write(purpose, 'latin1')
  return (id) => formatSeal(mac(data.subarray(0, purpose.length + data.write(id, purpose.length, 'latin1'))))
}

function formatSeal(digest: Uint8Array): string {
  let text = ''
  let held = 0
  let bits = 0
  for (let i = 0; i < sealBytes; i++) {
    held = ((held << 8) | (digest[i] ?? 0)) & 0xfff
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
