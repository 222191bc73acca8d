/**
 * Which messages need a content of their own for each recipient: those with links that tell who followed them, and
 * mass mail, which says how to leave it. All others keep one content, and one signature, for everybody.
 */
import { findHeader, readHeaderBlock } from '../mail/headers.ts'
import type { CampaignId, KeyId } from '../mail/ids.ts'
import type { MessageOptions, Submission } from './submission.ts'

/** Of a key: whether its mail is tracked where it does not say so itself. */
export type TrackingDefaults = (keyId: KeyId) => Promise<{ opens: boolean; clicks: boolean }>

export function individually(
  submission: Submission,
  {
    opens = false,
    clicks = false,
    campaignId,
  }: { opens?: boolean; clicks?: boolean; campaignId: CampaignId | undefined },
): Submission {
  const { door, options, content } = submission
  if (door === 'system') return submission
  let { trackOpens = opens ? 'enabled' : undefined, trackClicks = clicks ? 'enabled' : undefined } = options
  if ((trackOpens === 'enabled' || trackClicks === 'enabled') && !hasHtml(content)) {
    // There is nothing that could be tracked, whatever was asked for.
    trackOpens &&= 'disabled'
    trackClicks &&= 'disabled'
  }
  const individual =
    options.individual === true ||
    trackOpens === 'enabled' ||
    trackClicks === 'enabled' ||
    (options.bulk === true && !saysHowToLeave(content))
  if (!individual) return { ...submission, options: tracked(options, { trackOpens, trackClicks }) }
  return {
    ...submission,
    options: {
      ...tracked(options, { trackOpens, trackClicks }),
      individual,
      ...(campaignId !== undefined && { campaignId }),
    },
  }
}

function tracked(
  options: MessageOptions,
  { trackOpens, trackClicks }: Pick<MessageOptions, 'trackOpens' | 'trackClicks'>,
): MessageOptions {
  if (trackOpens === options.trackOpens && trackClicks === options.trackClicks) return options
  return { ...options, ...(trackOpens && { trackOpens }), ...(trackClicks && { trackClicks }) }
}

/** Header fields are ASCII, whatever the parts hold. */
function hasHtml(content: Buffer): boolean {
  return content.includes('text/html') || /content-type:\s*text\/html/i.test(content.toString('latin1'))
}

function saysHowToLeave(content: Buffer): boolean {
  return findHeader(readHeaderBlock(content), 'list-unsubscribe') !== undefined
}
