/** The mailbox provider behind an address, by its domain: the names under which results are compared. */

const domains: Readonly<Record<string, readonly string[]>> = {
  Gmail: ['gmail.com', 'googlemail.com'],
  Outlook: ['outlook.com', 'hotmail.com', 'live.com', 'msn.com', 'outlook.fr', 'hotmail.fr', 'live.fr'],
  Yahoo: ['yahoo.com', 'yahoo.fr', 'yahoo.co.uk', 'yahoo.de', 'ymail.com', 'rocketmail.com', 'aol.com'],
  Apple: ['icloud.com', 'me.com', 'mac.com'],
  GMX: ['gmx.de', 'gmx.net', 'gmx.com', 'gmx.at', 'gmx.ch', 'gmx.fr', 'web.de'],
  Orange: ['orange.fr', 'wanadoo.fr'],
  Free: ['free.fr'],
  'La Poste': ['laposte.net'],
  SFR: ['sfr.fr', 'neuf.fr'],
  Proton: ['proton.me', 'protonmail.com', 'pm.me'],
}

const byDomain = new Map(
  Object.entries(domains).flatMap(([name, all]) => all.map((domain) => [domain, name] as const)),
)

export function espOf(address: string): string {
  return byDomain.get(address.slice(address.lastIndexOf('@') + 1)) ?? 'others'
}
