/** What program a person read with, in two words. */
import Bowser from 'bowser'
import { LRUCache } from 'lru-cache'

const known = new LRUCache<string, { platform: string; name: string }>({ max: 5_000 })

export function readAgent(text: string): { platform: string; name: string } {
  const found = known.get(text)
  if (found !== undefined) return found
  const agent = parse(text)
  known.set(text, agent)
  return agent
}

function parse(text: string): { platform: string; name: string } {
  if (/GoogleImageProxy|ggpht\.com/i.test(text)) return { platform: 'Webmail', name: 'Gmail' }
  if (/YahooMailProxy/i.test(text)) return { platform: 'Webmail', name: 'Yahoo' }
  if (text === '') return { platform: 'Unknown', name: 'Unknown' }
  const { browser, os } = Bowser.parse(text)
  return { platform: os.name || 'Unknown', name: browser.name || 'Unknown' }
}
