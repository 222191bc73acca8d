/** The kinds of values that a setting can have: how each is read, checked and described. */
import ipaddr from 'ipaddr.js'
import { z } from 'zod'
import { parseTrustedNetworks } from '../smtp/trusted-networks.ts'

export type Kind<T> = {
  schema: z.ZodType<T>
  /** What would be right, to follow "should be". */
  expected: string
  /** A variable's text as the value that the file would hold; nonsense is left for the schema to refuse. */
  readText(text: string): unknown
  /** A path: relative ones are meant from the folder of the file that holds the setting. */
  isPath?: boolean
  /** The same with free ports in place of fixed ones. */
  withFreePorts?(value: T): T
}

export function text(expected: string, pattern?: RegExp): Kind<string> {
  const schema = pattern === undefined ? z.string().min(1) : z.string().regex(pattern)
  return { schema, expected, readText: (given) => given }
}

export function path(expected: string): Kind<string> {
  return { ...text(expected), isPath: true }
}

export function flag(): Kind<boolean> {
  const words: Record<string, boolean> = { true: true, false: false }
  return { schema: z.boolean(), expected: 'true or false', readText: (given) => words[given] ?? given }
}

export function choice<const T extends string>(words: readonly T[]): Kind<T> {
  return { schema: z.enum(words), expected: oneOf(words), readText: (given) => given }
}

/** One or several of the words, each once. */
export function someOf<const T extends string>(words: readonly T[]): Kind<readonly T[]> {
  return {
    schema: z
      .array(z.enum(words))
      .min(1)
      .refine((list) => new Set(list).size === list.length),
    expected: `a list with at least one of ${words.join(', ')}`,
    readText: readList,
  }
}

export function wholeNumber({ min, max }: { min: number; max: number }): Kind<number> {
  return {
    schema: z.int().min(min).max(max),
    expected: `a whole number from ${min} to ${max}`,
    readText: readNumber,
  }
}

export function percent(): Kind<number> {
  return {
    schema: z.number().min(0).max(100),
    expected: 'a number from 0 to 100, like 5 or 0.2',
    readText: readNumber,
  }
}

export type Port = number | 'off'

export function port(): Kind<number> {
  return {
    schema: portNumber,
    expected: 'a port from 1 to 65535, or 0 for a free one',
    readText: readNumber,
    withFreePorts: () => 0,
  }
}

export function portOrOff(): Kind<Port> {
  return {
    schema: z.union([portNumber, z.literal('off')]),
    expected: 'a port from 1 to 65535, 0 for a free one, or "off"',
    readText: readNumber,
    withFreePorts: (value) => (value === 'off' ? value : 0),
  }
}

export function ports(): Kind<readonly number[]> {
  return {
    schema: z.array(portNumber).max(10),
    expected: 'a list of at most 10 ports, like [587, 2525]; 0 is a free one, and [] switches them off',
    readText: (given) => readList(given).map(readNumber),
    withFreePorts: (value) => value.map(() => 0),
  }
}

/** Minutes to wait, each at least as long as the one before. */
export function delays(): Kind<readonly number[]> {
  return {
    schema: z
      .array(z.number().min(0.01).max(10_080))
      .min(1)
      .max(100)
      .refine((list) => list.every((minutes, index) => minutes >= (list[index - 1] ?? 0))),
    expected: 'a list of minutes that do not get shorter, like [1, 5, 15, 60], none above 10080 (a week)',
    readText: (given) => readList(given).map(readNumber),
  }
}

export function hostName(): Kind<string> {
  return {
    schema: z.string().max(253).regex(hostNamePattern),
    expected: 'a host name like mail.shop.example: in ASCII, with a dot, without http:// and port',
    readText: (given) => given,
  }
}

export function hostNameOrAddress(): Kind<string> {
  return {
    schema: z.string().refine((given) => ipaddr.isValid(given) || anyHostNamePattern.test(given)),
    expected: 'a host name or an IP address, without a port',
    readText: (given) => given,
  }
}

export function ipAddress(): Kind<string> {
  return {
    schema: z.string().refine(isIpAddress),
    expected: 'an IP address like 127.0.0.1 or ::',
    readText: (given) => given,
  }
}

/** DNS servers: IP addresses, with a port or without. */
export function dnsServers(): Kind<readonly string[]> {
  return {
    schema: z.array(z.string().refine(isServerAddress)).max(8),
    expected: 'a list of IP addresses like ["192.0.2.53", "192.0.2.54:5353", "[2001:db8::53]:5353"]',
    readText: readList,
  }
}

/** Networks that are not reachable from the internet: whoever is in them needs no password. */
export function privateNetworks(why: string): Kind<readonly string[]> {
  return {
    schema: z.array(z.string().refine(isPrivateNetwork)).max(100),
    expected: `a list of private networks like ["10.1.0.0/16", "192.168.7.9/32", "fd00::/64"]; public ones are refused, since ${why}`,
    readText: readList,
  }
}

export function webAddress(): Kind<string> {
  return {
    schema: z.url({ protocol: /^https?$/ }).regex(/^[^?#]*$/),
    expected: 'a web address like https://mail.shop.example',
    readText: (given) => given,
  }
}

export function postgresAddress(): Kind<string> {
  return {
    schema: z
      .url({ protocol: /^postgres(ql)?$/, hostname: /.*/ })
      .or(z.string().regex(/^postgres(ql)?:\/\/\S*$/)),
    expected: 'a PostgreSQL address like postgres://user:password@db.example/paravion',
    readText: (given) => given,
  }
}

/** Left out, it is simply not there. */
export function optional<T>(kind: Kind<T>): Kind<T | undefined> {
  const { schema, withFreePorts, ...rest } = kind
  return {
    ...rest,
    schema: schema.optional(),
    ...(withFreePorts && {
      withFreePorts: (value: T | undefined) => (value === undefined ? value : withFreePorts(value)),
    }),
  }
}

const portNumber = z.int().min(0).max(65_535)

const hostNamePattern = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i
const anyHostNamePattern = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?$/i

function readNumber(given: string): unknown {
  return /^-?\d+(?:\.\d+)?$/.test(given.trim()) ? Number(given) : given
}

function readList(given: string): string[] {
  return given
    .replace(/^\s*\[(.*)\]\s*$/s, '$1')
    .split(',')
    .map((item) => item.trim().replace(/^"(.*)"$/, '$1'))
    .filter((item) => item !== '')
}

function oneOf(words: readonly string[]): string {
  return `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
}

function isIpAddress(given: string): boolean {
  return ipaddr.IPv4.isValidFourPartDecimal(given) || ipaddr.IPv6.isValid(given)
}

function isServerAddress(given: string): boolean {
  const withPort = /^(?:\[(?<v6>[^\]]+)\]|(?<v4>[\d.]+))(?::(?<port>\d{1,5}))?$/.exec(given)
  if (withPort === null) return isIpAddress(given)
  const { v4, v6, port: portText } = withPort.groups ?? {}
  return isIpAddress(v4 ?? v6 ?? '') && Number(portText ?? 53) <= 65_535
}

function isPrivateNetwork(given: string): boolean {
  try {
    parseTrustedNetworks([given])
    return true
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}
