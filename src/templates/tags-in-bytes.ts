/** Whether a message as it came may hold `[[ ]]` tags: a look that is cheap, for the many that hold none. */
const tag = /^\[\[(?:\s{0,9}(?:var|data):|UNSUB_LINK|EMAIL_TO|PERMALINK|SHARE_)/i
const longestTag = 40
/** Quoted-printable may break the line in the middle of a tag. */
const softBreak = '=\r\n'
const openings = ['[[', `[${softBreak}[`]
/** After so many that were none, reading the text properly costs no more. */
const mostLooks = 1_000

/** False where no part that stands in it as text holds any; what base64 hides is not seen. */
export function mayHoldTags(message: Buffer): boolean {
  let looks = 0
  for (const opening of openings) {
    for (let at = message.indexOf(opening); at !== -1; at = message.indexOf(opening, at + 1)) {
      if (looks++ === mostLooks) return true
      if (tag.test(message.toString('latin1', at, at + longestTag).replaceAll(softBreak, ''))) return true
    }
  }
  return false
}
