/**
 * Stops a mailing that does harm: addresses that do not exist, people who complain, hosts that refuse it as spam. Each of
 * these tells all mailbox providers that our mail is unwanted, and it is the rest of the mail that suffers. Pure.
 */

/** One or two of anything are chance. */
const leastHarm = 3

/** Percents; 0 switches a rule off. */
export type BreakerLimits = {
  hardBouncePercent: number
  complaintPercent: number
  refusedPercent: number
  /** Results that there must be before anything is judged. */
  leastResults: number
}

export type Harm = {
  /** Taken by their hosts. */
  delivered: number
  hardBounced: number
  complained: number
  /** Of the latest of its deliveries: how many have a result, and how many were refused for what the mail is. */
  recent: { results: number; refused: number }
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
  const rules = [
    {
      name: 'hardBounce',
      part: harm.hardBounced,
      of: harm.results,
      limit: limits.hardBouncePercent,
      words: (rate: string, limit: string) =>
        `${rate} of the addresses do not exist (the limit is ${limit}); the list is old or was not collected with consent: clean it before you go on`,
    },
    {
      name: 'complaint',
      part: harm.complained,
      of: harm.delivered,
      limit: limits.complaintPercent,
      words: (rate: string, limit: string) =>
        `${rate} of the readers complained that it is spam (the limit is ${limit}); find out whom it goes to and why before you go on`,
    },
    {
      name: 'refused',
      part: harm.recent.refused,
      of: harm.recent.results,
      limit: limits.refusedPercent,
      words: (rate: string, limit: string) =>
        `mail hosts refused ${rate} of the latest mails for their content or their sender (the limit is ${limit}); read what they said in the messages, and mend it before you go on`,
    },
  ]
  for (const { name, part, of, limit, words } of rules) {
    const mark = Math.max(limit, marks[name] ?? 0)
    if (limit === 0 || of < limits.leastResults || part < leastHarm || part * 100 < mark * of) continue
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
