import { Button } from '@mantine/core'
import { call, query } from '../../api/call.ts'
import type { Suppression } from '../../api/types.ts'
import { useChange } from '../../api/use-api.ts'
import { useTexts } from '../../app/preferences.tsx'
import { suppressionsTexts } from '../../texts/suppressions.ts'
import { Problem } from '../../ui/problem.tsx'

/** The whole list as a file, page by page. */
export function ExportButton({ apiKey }: { apiKey: string | undefined }) {
  const t = useTexts(suppressionsTexts)
  const save = useChange(
    async () => {
      const lines = ['address,reason,since,origin']
      let after = ''
      for (;;) {
        const { suppressions } = await call<{ suppressions: Suppression[] }>(
          'GET',
          query('/suppressions', { key: apiKey, limit: 1000, after }),
        )
        for (const { address, reason, createdAt, origin } of suppressions) {
          lines.push([address, reason, new Date(createdAt).toISOString(), origin].map(cell).join(','))
        }
        const last = suppressions.at(-1)
        if (suppressions.length < 1000 || last === undefined) break
        after = last.address
      }
      const url = URL.createObjectURL(new Blob([`${lines.join('\r\n')}\r\n`], { type: 'text/csv' }))
      const link = document.createElement('a')
      link.href = url
      link.download = 'suppressions.csv'
      link.click()
      URL.revokeObjectURL(url)
    },
    { touches: [] },
  )
  return (
    <>
      <Problem error={save.error} />
      <Button
        variant="default"
        onClick={() => save.mutate(undefined)}
        loading={save.isPending}
        disabled={apiKey === undefined}
      >
        {t.export}
      </Button>
    </>
  )
}

/** RFC 4180 §2; a leading =, +, - or @ would be a formula in a spreadsheet. */
function cell(text: string): string {
  const harmless = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}
