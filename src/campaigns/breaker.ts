/**
 * Stops a mailing that does harm: addresses that do not exist, people who complain, hosts that refuse it as spam. Each of
 * these tells all mailbox providers that our mail is unwanted, and it is the rest of the mail that suffers. And one of
 * which nothing can be made for most: what is not handed over yet can still be sent mended. Pure.
 */

/** One or two of anything are chance. */
const leastHarm = 3

/** Where nothing can be made, there is no need to wait for more. */
const leastMade = 100

/** Percents; 0 switches a rule off. */
export type BreakerLimits = {
  hardBouncePercent: number
  complaintPercent: number
  refusedPercent: number
  unmadePercent: number
  /** Results that there must be before anything is judged. */
  leastResults: number
}

export type Harm = {
  /** Taken by their hosts. */
  delivered: number
  hardBounced: number
  complained: number
  /**
   * Of the latest of its deliveries: how many have a result, how many were refused for what the mail is, and of how many
   * no mail could be made.
   */
  recent: { results: number; refused: number; unmade: number }
  /** All that have a result. */
  results: number
}

/** By rule: from which percent on it acts again, where a person has resumed the mailing in spite of it. */
export type Marks = Readonly<Record<string, number>>

export type Trip = {
  reason: string
  /** For whoever resumes it. */
  marks: Marks
}

/** Undefined: it may go on. */
export function judgeHarm(harm: Harm, limits: BreakerLimits, marks: Marks): Trip | undefined {
  const { leastResults } = limits
  const rules = [
    {
      name: 'unmade',
      part: harm.recent.unmade,
      of: harm.recent.results,
      limit: limits.unmadePercent,
      least: Math.min(leastMade, leastResults),
      words: (rate: string, limit: string) =>
        `nothing could be made for ${rate} of the latest recipients (the limit is ${limit}); their messages say which placeholder is at fault: cancel this one, and mend and send a copy`,
    },
    {
      name: 'hardBounce',
      part: harm.hardBounced,
      of: harm.results,
      limit: limits.hardBouncePercent,
      least: leastResults,
      words: (rate: string, limit: string) =>
        `${rate} of the addresses do not exist (the limit is ${limit}); the list is old or was not collected with consent: clean it before you go on`,
    },
    {
      name: 'complaint',
      part: harm.complained,
      of: harm.delivered,
      limit: limits.complaintPercent,
      least: leastResults,
      words: (rate: string, limit: string) =>
        `${rate} of the readers complained that it is spam (the limit is ${limit}); find out whom it goes to and why before you go on`,
    },
    {
      name: 'refused',
      part: harm.recent.refused,
      of: harm.recent.results,
      limit: limits.refusedPercent,
      least: leastResults,
      words: (rate: string, limit: string) =>
        `mail hosts refused ${rate} of the latest mails for their content or their sender (the limit is ${limit}); read what they said in the messages, and mend it before you go on`,
    },
  ]
  for (const { name, part, of, limit, least, words } of rules) {
    const mark = Math.max(limit, marks[name] ?? 0)
    if (limit === 0 || of < least || part < leastHarm || part * 100 < mark * of) continue
    const percent = (part * 100) / of
    // Twice as bad, before it is stopped for the same reason again.
    return {
      reason: words(show(percent), show(mark)),
      marks: { ...marks, [name]: Math.min(100, percent * 2) },
    }
  }
  return undefined
}

function show(percent: number): string {
  return `${Math.round(percent * 100) / 100} %`
}
