import type { IncomingMessage } from '../../mail/incoming-message.ts'

/** A stranger's mail as it may be looked at, with the header fields that it must be answered with. */
export async function safePageAnswer(
  message: IncomingMessage,
  { images = 'none' }: { images?: 'none' | 'remote' } = {},
): Promise<{ html: string; headers: Record<string, string> }> {
  // Loaded when somebody looks: cleaning HTML takes much code, which most processes never need.
  const { safePage } = await import('../../inbound/safe-html.ts')
  const { html, contentSecurityPolicy, remoteImages } = safePage(message, { images })
  return {
    html,
    headers: {
      'Content-Security-Policy': contentSecurityPolicy,
      'X-Frame-Options': 'SAMEORIGIN',
      'X-Remote-Images': String(remoteImages),
    },
  }
}
