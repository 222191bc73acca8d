/** RFC 5322 §3.3 date-time in UTC: `Mon, 23 Nov 2026 10:00:00 +0000`. */
export function formatDate(at: number): string {
  return new Date(at).toUTCString().replace('GMT', '+0000')
}
