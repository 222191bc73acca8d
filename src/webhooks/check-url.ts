/** Addresses of programs, as users give them: what is refused at once, and how they are shown. */
import { Refused } from '../runtime/refused.ts'

const maxLength = 2_000

/** Throws Refused. The text is kept as it came, because clients compare it with what they sent. */
export function checkHookUrl(text: string, { needsPath = false }: { needsPath?: boolean } = {}): void {
  if (text.length > maxLength) throw bad(`it has more than ${maxLength} characters`)
  if (/[\s\p{Cc}]/u.test(text)) throw bad('it holds blanks or control characters')
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw bad('it is no web address')
  }
  if (url.hash !== '') throw bad('it has a part after #, which is never sent')
  const port = Number(url.port)
  // Protocols that listen on the low ports can be made to take a request for something else.
  if (url.port !== '' && port < 1024 && port !== 80 && port !== 443) {
    throw bad(`it names port ${port}; 80, 443 and those from 1024 on are called`)
  }
  if (needsPath && url.pathname === '/') {
    throw bad('it has no path; mail is posted to an address like https://app.example/inbound')
  }
}

function bad(reason: string): Refused {
  return new Refused(
    'bad-value',
    `the URL cannot be called: ${reason}. It should be like https://user:password@app.example/mail-events`,
  )
}

/** Without its password, for people and logs. */
export function maskUrl(text: string): string {
  if (!URL.canParse(text)) return ''
  const url = new URL(text)
  if (url.password === '') return text
  url.password = '***'
  return url.href
}
