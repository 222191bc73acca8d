/** What `/api` answers, as far as the console reads it, by subject; `/api/openapi.json` is the whole. Times: milliseconds since 1970. */

export * from './types/accounts.ts'
export * from './types/contacts.ts'
export * from './types/domains.ts'
export * from './types/incoming.ts'
export * from './types/keys.ts'
export * from './types/lab.ts'
export * from './types/messages.ts'
export * from './types/outgoing-servers.ts'
export * from './types/overview.ts'
export * from './types/queue.ts'
export * from './types/senders.ts'
export * from './types/suppressions.ts'
