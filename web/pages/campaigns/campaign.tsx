import { query, segment } from '../../api/call.ts'
import type { CampaignContent, OpenedCampaign } from '../../api/types.ts'
import { useFreshRead } from '../../api/use-api.ts'
import { useKeys } from '../../api/use-key.ts'
import { useTexts } from '../../app/preferences.tsx'
import { useParam } from '../../app/use-param.ts'
import { campaignsTexts } from '../../texts/campaigns.ts'
import { Waiting } from '../../ui/loaded.tsx'
import { Page } from '../../ui/page.tsx'
import { Problem } from '../../ui/problem.tsx'
import { Editor } from './editor.tsx'
import { Watched } from './watched.tsx'

/** A draft is written; what comes after that is watched. */
export function CampaignPage() {
  const id = useParam('id')
  const { key } = useKeys()
  return <Opened key={`${key?.publicKey} ${id}`} id={id} apiKey={key?.publicKey} />
}

function Opened({ id, apiKey }: { id: string; apiKey: string | undefined }) {
  const t = useTexts(campaignsTexts)
  const path = `/campaigns/${segment(id)}`
  const opened = useFreshRead<OpenedCampaign>(apiKey && query(path, { key: apiKey }))
  const isDraft = opened.data?.campaign.state === 'draft'
  const content = useFreshRead<{ content: CampaignContent }>(
    isDraft ? query(`${path}/content`, { key: apiKey }) : undefined,
  )
  if (opened.data !== undefined) {
    if (!isDraft) return <Watched opened={opened.data} apiKey={apiKey} />
    if (content.data !== undefined) {
      return <Editor campaign={opened.data.campaign} content={content.data.content} apiKey={apiKey} />
    }
  }
  const failed = [opened, content].find(({ error }) => error !== null)
  return (
    <Page title="…" trail={[{ label: t.title, to: '/campaigns' }]}>
      {failed === undefined ? <Waiting /> : <Problem error={failed.error} onRetry={failed.refetch} />}
    </Page>
  )
}
