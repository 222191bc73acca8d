import { useTexts } from '../../app/preferences.tsx'
import { shellTexts } from '../../texts/shell.ts'
import { Page } from '../../ui/page.tsx'

export function OverviewPage() {
  const t = useTexts(shellTexts)
  return <Page title={t.overview}>{null}</Page>
}
