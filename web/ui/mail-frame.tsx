/**
 * A stranger's mail: a frame of its own, in which nothing runs and from which nothing is reached. Its page comes from
 * the server, made safe there and under a policy of its own. Links open in a new window.
 */
export function MailFrame({ src, title }: { src: string; title: string }) {
  return (
    <iframe
      src={src}
      title={title}
      sandbox="allow-popups allow-popups-to-escape-sandbox"
      referrerPolicy="no-referrer"
      style={{
        width: '100%',
        height: '60vh',
        border: '1px solid var(--mantine-color-default-border)',
        borderRadius: 'var(--mantine-radius-md)',
        background: 'white',
      }}
    />
  )
}
