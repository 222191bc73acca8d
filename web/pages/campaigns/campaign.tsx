import { query, segment } from '../../api/call.ts'
import type { OpenedCampaign, TemplateContent } from '../../api/types.ts'
import { useRead } from '../../api/use-api.ts'
import { useKeys } from '../../api/use-key.ts'
import { useTexts } from '../../app/preferences.tsx'
import { useParam } from '../../app/use-param.ts'
import { campaignsTexts } from '../../texts/campaigns.ts'
import { Loaded } from '../../ui/loaded.tsx'
import { Page } from '../../ui/page.tsx'
import { Editor } from './editor.tsx'
import { Watched } from './watched.tsx'

/** A draft is written; what comes after that is watched. */
export function CampaignPage() {
  const t = useTexts(campaignsTexts)
  const id = useParam('id')
  const { key } = useKeys()
  const of = { key: key?.publicKey }
  const path = `/campaigns/${segment(id)}`
  const opened = useRead<OpenedCampaign>(key && query(path, of))
  const isDraft = opened.data?.campaign.state === 'draft'
  const content = useRead<{ content: TemplateContent }>(isDraft ? query(`${path}/content`, of) : undefined)
  const isRead = opened.data !== undefined && String(opened.data.campaign.id) === id
  // Until it comes, what is there may be that of the campaign before.
  const isContentRead = content.data !== undefined && !content.isPlaceholderData
  if (!isRead || (isDraft && !isContentRead)) {
    return (
      <Page title="…" trail={[{ label: t.title, to: '/campaigns' }]}>
        <Loaded from={opened}>{() => isDraft && <Loaded from={content}>{() => null}</Loaded>}</Loaded>
      </Page>
    )
  }
  if (isDraft && isContentRead) {
    const { campaign } = opened.data
    return <Editor key={id} campaign={campaign} content={content.data.content} apiKey={key?.publicKey} />
  }
  return <Watched key={id} opened={opened.data} apiKey={key?.publicKey} />
}
