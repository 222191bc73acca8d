/** Passwords as argon2id: slow on purpose, so one at a time, and a bounded queue in front. */
import { argon2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

const argon2Async = promisify(argon2)

/** The first choice of OWASP's password storage sheet for argon2id: 19 MiB, two passes. */
const cost = { memory: 19 * 1024, passes: 2, parallelism: 1 }
const tagLength = 32
/** More waiting than this is an attack or a mistake, and would only make everybody wait. */
const maxWaiting = 30

export type Passwords = {
  hash(password: string): Promise<string>
  /** Undefined as hash costs the same and never matches: nobody learns from the time whether a user exists. */
  matches(password: string, hash: string | null | undefined): Promise<boolean>
}

export class TooManyLogins extends Error {
  override readonly name = 'TooManyLogins'
}

export function createPasswords(): Passwords {
  let last: Promise<unknown> = Promise.resolve()
  let waiting = 0

  /** The thread pool also signs mail: never more than one of its threads is taken. */
  async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (waiting >= maxWaiting) throw new TooManyLogins('too many passwords are being checked')
    waiting += 1
    const turn = last.then(work)
    last = turn.catch(() => undefined)
    try {
      return await turn
    } finally {
      waiting -= 1
    }
  }

  function derive(password: string, { salt, memory, passes, parallelism, length }: Parameters) {
    return inTurn(() =>
      argon2Async('argon2id', {
        // The same letters typed on different keyboards are the same password.
        message: password.normalize('NFKC'),
        nonce: salt,
        parallelism,
        tagLength: length,
        memory,
        passes,
      }),
    )
  }

  return {
    async hash(password) {
      const salt = randomBytes(16)
      const tag = await derive(password, { salt, ...cost, length: tagLength })
      return format({ ...cost, salt, tag })
    },

    async matches(password, hash) {
      const known = hash == null ? undefined : parse(hash)
      if (known === undefined) {
        await derive(password, { salt: randomBytes(16), ...cost, length: tagLength })
        return false
      }
      const { tag, ...parameters } = known
      return timingSafeEqual(await derive(password, { ...parameters, length: tag.length }), tag)
    },
  }
}

type Parameters = { memory: number; passes: number; parallelism: number; salt: Buffer; length: number }
type Hash = Omit<Parameters, 'length'> & { tag: Buffer }

/** The PHC string format, as other programs write it. */
function format({ memory, passes, parallelism, salt, tag }: Hash): string {
  const base64 = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '')
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${base64(salt)}$${base64(tag)}`
}

function parse(hash: string): Hash {
  const found = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([\w+/]+)\$([\w+/]+)$/.exec(hash)
  if (found === null) throw new Error('a stored password hash is not argon2id')
  const [, memory, passes, parallelism, salt = '', tag = ''] = found
  return {
    memory: Number(memory),
    passes: Number(passes),
    parallelism: Number(parallelism),
    salt: Buffer.from(salt, 'base64'),
    tag: Buffer.from(tag, 'base64'),
  }
}
