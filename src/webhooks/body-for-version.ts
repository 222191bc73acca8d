/**
 * The body of a call in the form that the webhook wants now: it was made for the version that the webhook, or the one that it
 * took over from, had when the event happened.
 */

/** Bodies, of which each is one call: version 1 takes an event a call, version 2 an array of them. */
export function bodiesForVersion(body: string, version: 1 | 2): string[] {
  const isArray = body.startsWith('[')
  if (version === 2) return [isArray ? body : `[${body}]`]
  if (!isArray) return [body]
  return (JSON.parse(body) as unknown[]).map((event) => JSON.stringify(event))
}
