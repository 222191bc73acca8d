/** DNS messages as bytes: a question taken apart, an answer put together. Hostile bytes end here. */
import type { DecodedPacket, Packet, Question as WireQuestion, Answer as WireRecord } from 'dns-packet'
import { decode, encode } from 'dns-packet'
import type { DnsRecord } from './records.ts'
import { parseMx } from './records.ts'
import type { Answer } from './zone.ts'
import { labDomain, labNameServer } from './zone.ts'

const headerBytes = 12
const responseFlag = 0x8000
const authoritativeFlag = 0x0400
const truncatedFlag = 0x0200
const recursionDesiredFlag = 0x0100
const codes = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 } as const
type Code = keyof typeof codes

/** RFC 1035 §4.2.1; larger only for those who say so (RFC 6891). */
const plainUdpBytes = 512
/** What fits everywhere without fragments (DNS flag day 2020). */
const maxUdpBytes = 1_232
export const maxTcpBytes = 65_535
/** A question with EDNS options; more than this asks nothing. */
export const maxQuestionBytes = 2_048

export type Question = {
  id: number
  recursionDesired: boolean
  /** As asked, for the echo; `name` is for looking up. */
  asked: WireQuestion
  name: string
  type: string
  /** Whether the asker spoke EDNS, and the largest UDP answer that may be sent. */
  edns: boolean
  udpBytes: number
}

export type Parsed =
  | { kind: 'question'; question: Question }
  /** What to answer when it is no question we answer. */
  | { kind: 'refused'; reply: Buffer }
  /** Not a question at all: no answer, or two servers could talk to each other for ever. */
  | { kind: 'ignored' }

export function parseQuestion(bytes: Buffer): Parsed {
  if (bytes.length < headerBytes || bytes.length > maxQuestionBytes) return { kind: 'ignored' }
  const flags = bytes.readUInt16BE(2)
  if ((flags & responseFlag) !== 0) return { kind: 'ignored' }
  if (((flags >> 11) & 15) !== 0) return refusal(bytes, 'NOTIMP')
  // One question, nothing else but EDNS: this bounds what decode() has to walk through.
  const [questions, answers, authorities, additionals] = [4, 6, 8, 10].map((at) => bytes.readUInt16BE(at))
  if (questions !== 1 || answers !== 0 || authorities !== 0 || (additionals ?? 0) > 1) {
    return refusal(bytes, 'FORMERR')
  }
  let packet: DecodedPacket
  try {
    packet = decode(bytes)
  } catch {
    // dns-packet throws plain errors for every malformed message.
    return refusal(bytes, 'FORMERR')
  }
  const [asked] = packet.questions ?? []
  // Labels outside printable ASCII have no record here and would not survive the way through a string.
  if (asked === undefined || !/^[\x21-\x7e]{1,253}$/.test(asked.name)) return refusal(bytes, 'FORMERR')
  if (asked.class !== 'IN') return refusal(bytes, 'REFUSED')
  if (asked.type === 'AXFR' || asked.type === 'IXFR') return refusal(bytes, 'REFUSED')
  // RFC 8482: nobody needs ANY.
  if (String(asked.type) === 'ANY') return refusal(bytes, 'NOTIMP')
  const edns = packet.additionals?.find((record) => record.type === 'OPT')
  const question: Question = {
    id: bytes.readUInt16BE(0),
    recursionDesired: (flags & recursionDesiredFlag) !== 0,
    asked,
    name: asked.name.toLowerCase().replace(/\.$/, ''),
    type: asked.type,
    edns: edns !== undefined,
    udpBytes: Math.min(Math.max(edns?.udpPayloadSize ?? plainUdpBytes, plainUdpBytes), maxUdpBytes),
  }
  return { kind: 'question', question }
}

/** The header alone, with the code: the question could not be read well enough to be repeated. */
function refusal(bytes: Buffer, code: Code): Parsed {
  const reply = Buffer.alloc(headerBytes)
  reply.writeUInt16BE(bytes.readUInt16BE(0), 0)
  reply.writeUInt16BE(responseFlag | (bytes.readUInt16BE(2) & 0x7900) | codes[code], 2)
  return { kind: 'refused', reply }
}

/** The answer in at most `maxBytes`; what does not fit is left out and the answer marked, so that TCP is tried. */
export function composeAnswer(
  question: Question,
  { answer, maxBytes }: { answer: Extract<Answer, { kind: 'answer' }>; maxBytes: number },
): Buffer {
  const answers = answer.records.map((record) => toWire(record, question))
  if (question.type === 'SOA' && question.name === answer.zone) answers.push(soa(answer.zone))
  const compose = (sections: Pick<Packet, 'answers' | 'authorities'>, extraFlags: number) =>
    encode({
      type: 'response',
      id: question.id,
      flags: flagsOf(question) | extraFlags | codes[answer.code],
      questions: [question.asked],
      ...sections,
      additionals: question.edns ? [ednsOption] : [],
    })
  // RFC 2308 §3: that there is nothing is told with the SOA of the zone.
  const authorities = answers.length === 0 && answer.zone !== undefined ? [soa(answer.zone)] : []
  const whole = compose({ answers, authorities }, 0)
  return whole.length <= maxBytes ? whole : compose({}, truncatedFlag)
}

const ednsOption: WireRecord = {
  type: 'OPT',
  name: '.',
  udpPayloadSize: maxUdpBytes,
  extendedRcode: 0,
  ednsVersion: 0,
  flags: 0,
  flag_do: false,
  options: [],
}

/** Our answer to a question that we failed at. */
export function composeFailure(question: Question): Buffer {
  return composeAnswer(question, {
    answer: { kind: 'answer', code: 'SERVFAIL', records: [], zone: undefined },
    maxBytes: maxTcpBytes,
  })
}

function flagsOf(question: Question): number {
  return authoritativeFlag | (question.recursionDesired ? recursionDesiredFlag : 0)
}

function toWire({ name, type, value, ttl }: DnsRecord, question: Question): WireRecord {
  // Some resolvers vary upper and lower case in what they ask and want it back.
  const shown = name === question.name ? question.asked.name : name
  if (type === 'MX') return { name: shown, type, ttl, data: parseMx(value) }
  if (type === 'TXT') return { name: shown, type, ttl, data: splitText(value) }
  return { name: shown, type, ttl, data: value }
}

/** RFC 1035 §3.3: a character-string holds 255 octets; readers join them without anything between. */
export function splitText(text: string): Buffer[] {
  const bytes = Buffer.from(text)
  const parts: Buffer[] = []
  for (let at = 0; at < bytes.length; at += 255) parts.push(bytes.subarray(at, at + 255))
  return parts
}

/** Minimum 0: that something is missing is never remembered, so a record just added is seen at once. */
function soa(zone: string): WireRecord {
  return {
    name: zone,
    type: 'SOA',
    ttl: 0,
    data: {
      mname: labNameServer,
      rname: `hostmaster.${labDomain}`,
      serial: 1,
      refresh: 3600,
      retry: 600,
      expire: 86_400,
      minimum: 0,
    },
  }
}
