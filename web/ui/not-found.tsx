import { Anchor } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useTexts } from '../app/preferences.tsx'
import { commonTexts } from '../texts/common.ts'
import { Empty } from './empty.tsx'

export function NotFound() {
  const t = useTexts(commonTexts)
  return (
    <Empty title={t.notFound} hint={t.notFoundHint}>
      <Anchor component={Link} to="/">
        {t.toOverview}
      </Anchor>
    </Empty>
  )
}
