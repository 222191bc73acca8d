// Each message needs two, and thousands of them have the same second.
let last = { second: Number.NaN, text: '' }

/** RFC 5322 §3.3 date-time in UTC: `Mon, 23 Nov 2026 10:00:00 +0000`. */
export function formatDate(at: number): string {
  const second = Math.floor(at / 1000)
  if (second !== last.second) {
    last = { second, text: new Date(second * 1000).toUTCString().replace('GMT', '+0000') }
  }
  return last.text
}
