/** The remark in a transcript that the instance signed with its own domain, which the story repeats. */
export function ownSignatureRemark({ instance, domain }: { instance: string; domain: string }): string {
  return `signed by ${instance}, because DNS does not show a DKIM key of ${domain} (see: paravion domain check ${domain})`
}

export function findOwnSignature(transcript: string): string | undefined {
  return /^# (signed by \S+, because DNS does not show .*)$/m.exec(transcript)?.[1]
}
