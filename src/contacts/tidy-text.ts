/** What a database takes: whole characters, and no U+0000. */
export function tidyText(text: string): string {
  return text.toWellFormed().replaceAll('\0', '')
}

/** A name stands on one line. */
export function tidyName(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, 255)
    .toWellFormed()
}
