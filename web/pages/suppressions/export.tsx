import { Button } from '@mantine/core'
import { call, query } from '../../api/call.ts'
import type { Suppression } from '../../api/types.ts'
import { useChange } from '../../api/use-api.ts'
import { useTexts } from '../../app/preferences.tsx'
import { suppressionsTexts } from '../../texts/suppressions.ts'
import { Problem } from '../../ui/problem.tsx'
import { saveCsv } from '../../ui/save-csv.ts'

/** The whole list as a file, page by page. */
export function ExportButton({ apiKey }: { apiKey: string | undefined }) {
  const t = useTexts(suppressionsTexts)
  const save = useChange(
    async () => {
      const rows = [['address', 'reason', 'since', 'origin']]
      let after = ''
      for (;;) {
        const { suppressions } = await call<{ suppressions: Suppression[] }>(
          'GET',
          query('/suppressions', { key: apiKey, limit: 1000, after }),
        )
        for (const { address, reason, createdAt, origin } of suppressions) {
          rows.push([address, reason, new Date(createdAt).toISOString(), origin])
        }
        const last = suppressions.at(-1)
        if (suppressions.length < 1000 || last === undefined) break
        after = last.address
      }
      saveCsv('suppressions.csv', rows)
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
