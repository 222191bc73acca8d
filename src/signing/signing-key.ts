import type { KeyObject } from 'node:crypto'

/** A private key ready to sign with, and the tags that name it in DNS. */
export type SigningKey = {
  /** The d= tag: A-label form, lower-case. */
  readonly domain: string
  /** The s= tag. */
  readonly selector: string
  readonly algorithm: 'rsa-sha256' | 'ed25519-sha256'
  readonly key: KeyObject
}
