/** Sample values of a template: an aid of whoever writes it, kept in their browser. */

function place(id: number): string {
  return `paravion.template.${id}.sample`
}

export function keptSample(id: number): string {
  try {
    return localStorage.getItem(place(id)) ?? '{}'
  } catch {
    // A browser that keeps nothing.
    return '{}'
  }
}

export function keepSample(id: number, sample: string): void {
  try {
    localStorage.setItem(place(id), sample)
  } catch {
    // As above: it is gone with the page.
  }
}
