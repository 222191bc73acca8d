/** The local part an alias gets: accents off, lower case, what is before the @, only what a dot-atom may hold. */
export function sanitiseAliasName(text: string): string {
  const [local = ''] = text.trim().split('@', 1)
  return local
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9!#$%&'*+\-/=?^_`{|}~.]+/g, '-')
    .replaceAll(/\.{2,}/g, '.')
    .replaceAll(/^\.|\.$/g, '')
}
