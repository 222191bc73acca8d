/** Spreadsheets of many countries write semicolons: of the candidates the one that the first line has most of. */
export function delimiterOf(firstLine: string): string {
  const counted = [',', ';', '\t'].map((one) => ({ one, count: firstLine.split(one).length }))
  return counted.toSorted((a, b) => b.count - a.count)[0]?.one ?? ','
}
