/** A From filter as people type it: what could never match anything is refused with what was probably meant. */
import { formatAddress, parseAddress, parseDomain } from '../mail/address.ts'
import { Refused } from '../runtime/refused.ts'
import { filterEntries } from './sender-text.ts'

const maxLength = 10_000

/** The filter in its stored form, domains as A-labels; null, open to all, for an empty one. */
export function checkFromFilter(text: string): string | null {
  if (text.trim() === '') return null
  if (text.length > maxLength) {
    throw new Refused('bad-value', `a From filter has at most ${maxLength} characters`)
  }
  const entries = filterEntries(text)
  if (entries.length === 0) {
    throw new Refused(
      'bad-value',
      'the From filter holds only commas, so it would match nothing; leave it empty to let the server send for everybody',
    )
  }
  return entries.map(checkEntry).join(',')
}

function checkEntry(entry: string): string {
  // `*` is a fine local part, and never what was meant.
  const isAddress = entry.includes('@') && !entry.startsWith('*@')
  const address = isAddress ? parseAddress(entry) : undefined
  if (address !== undefined) return formatAddress(address)
  const domain = parseDomain(entry)
  if (domain !== undefined) return domain
  const bare = entry.replace(/^(?:\*?@|\*\.|\.)/, '')
  const advice =
    bare !== entry && parseDomain(bare) !== undefined
      ? `write ${bare} for all addresses of that domain; sub-domains are entries of their own`
      : 'an entry is an address (news@shop.example) or a domain (shop.example), with commas between entries'
  throw new Refused('bad-value', `the From filter has the entry '${entry.slice(0, 200)}': ${advice}`)
}
