/**
 * A stranger's mail: a frame of its own, in which nothing runs and from which nothing is reached. Its page comes from
 * the server, made safe there and under a policy of its own. Links open in a new window.
 */
export function MailFrame({
  src,
  title,
  width = '100%',
  height = '60vh',
  scale = 1,
}: {
  src: string
  title: string
  /** Of the page in the frame; pixels, or as in a style. */
  width?: number | string
  height?: number | string
  /** Drawn so much smaller. */
  scale?: number
}) {
  return (
    <iframe
      // Another page in the same frame would be a step of the browser’s history: Back would only lead to the last mail.
      key={src}
      src={src}
      title={title}
      sandbox="allow-popups allow-popups-to-escape-sandbox"
      referrerPolicy="no-referrer"
      style={{
        width,
        height,
        ...(scale !== 1 && { transform: `scale(${scale})`, transformOrigin: 'top left' }),
        border: '1px solid var(--mantine-color-default-border)',
        borderRadius: 'var(--mantine-radius-md)',
        background: 'white',
      }}
    />
  )
}
