/** The name that was probably meant, to put into "there is no …". */
export function nearestName(given: string, names: readonly string[]): string | undefined {
  const wanted = given.toLowerCase().slice(0, 200)
  const sameEnd = names.find((name) => lastPart(name) === lastPart(wanted) && name !== wanted)
  let best: { name: string; distance: number } | undefined
  for (const name of names) {
    const distance = editDistance(wanted, name.toLowerCase())
    if (best === undefined || distance < best.distance) best = { name, distance }
  }
  if (best !== undefined && best.distance <= Math.max(2, Math.floor(wanted.length / 4))) return best.name
  return sameEnd
}

/** Letters to add, drop, change or swap with their neighbour to make one of the other. */
export function editDistance(a: string, b: string): number {
  let older: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1]
      let distance = Math.min(
        (previous[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (previous[column - 1] ?? 0) + (same ? 0 : 1),
      )
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        distance = Math.min(distance, (older[column - 2] ?? 0) + 1)
      }
      current.push(distance)
    }
    older = previous
    previous = current
  }
  return previous[b.length] ?? 0
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1)
}
