/**
 * The instance key: what protects secrets at rest (DKIM private keys, passwords of outgoing servers), and the root
 * of other secrets of this instance.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createFile, isErrorCode } from './write-file.ts'

export type Seal = {
  /** Text in, printable text out: `v1.<key's fingerprint>.<base64url of nonce, tag and ciphertext>`. */
  seal(text: string): string
  /** Throws SealBroken when the text was sealed with another key, or was changed. */
  open(sealed: string): string
  /** 32 bytes of their own for a purpose (`return-path`): the same each time, and no way back to the key. */
  derive(purpose: string): Buffer
}

/** What was sealed cannot be opened: no instance key, another one, or damaged text. */
export class SealBroken extends Error {
  override readonly name = 'SealBroken'
}

const keyBytes = 32
const nonceBytes = 12
const tagBytes = 16

/**
 * Reads the instance key, or makes one at the first start. `create: false` is for starts where sealed data exists
 * already: a new key could not open it.
 */
export async function openSeal(path: string, { create = true }: { create?: boolean } = {}): Promise<Seal> {
  const key = (await readKey(path)) ?? (create ? await createKey(path) : undefined)
  if (key === undefined) {
    throw new SealBroken(
      `The instance key ${path} is missing, and the database holds secrets that only this key can open. Put the file back from your backup.`,
    )
  }
  if (key.length !== keyBytes) {
    throw new SealBroken(
      `The instance key ${path} must be exactly ${keyBytes} bytes, it has ${key.length}. Put the right file back from your backup.`,
    )
  }
  return createSeal(key)
}

/** The same from a key in hand. */
export function createSeal(key: Uint8Array): Seal {
  const derive = (purpose: string) => Buffer.from(hkdfSync('sha256', key, '', `paravion ${purpose}`, 32))
  const sealingKey = derive('seal v1')
  const fingerprint = derive('fingerprint').toString('hex', 0, 4)
  const prefix = `v1.${fingerprint}.`

  return {
    derive,

    seal(text) {
      const nonce = randomBytes(nonceBytes)
      const cipher = createCipheriv('aes-256-gcm', sealingKey, nonce)
      const ciphertext = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
      return prefix + Buffer.concat([nonce, cipher.getAuthTag(), ciphertext]).toString('base64url')
    },

    open(sealed) {
      const parts = /^v1\.([0-9a-f]{8})\.([\w-]+)$/.exec(sealed)
      if (parts === null)
        throw new SealBroken('This is not a sealed secret of a version that this program knows.')
      if (parts[1] !== fingerprint) {
        throw new SealBroken(
          `This secret was sealed with the instance key ${parts[1]}, and the key of this instance is ${fingerprint}. Put the right key file back from your backup.`,
        )
      }
      const bytes = Buffer.from(parts[2] ?? '', 'base64url')
      const damaged = 'A sealed secret in the database is damaged: it was changed after it was sealed.'
      if (bytes.length < nonceBytes + tagBytes) throw new SealBroken(damaged)
      const decipher = createDecipheriv('aes-256-gcm', sealingKey, bytes.subarray(0, nonceBytes), {
        authTagLength: tagBytes,
      })
      decipher.setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes))
      const text = decipher.update(bytes.subarray(nonceBytes + tagBytes))
      try {
        return Buffer.concat([text, decipher.final()]).toString('utf8')
      } catch (error) {
        throw new SealBroken(damaged, { cause: error })
      }
    },
  }
}

async function readKey(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path)
  } catch (error) {
    if (isErrorCode(error, 'ENOENT')) return undefined
    throw error
  }
}

async function createKey(path: string): Promise<Buffer | undefined> {
  // When another process was first, its key is the one.
  await createFile(path, { data: randomBytes(keyBytes), mode: 0o600 })
  return readKey(path)
}
