import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseIncoming } from '../../mail/incoming-message.ts'
import { formatMail } from './parsed-mail.ts'

test('the date of a mail is that of its header, where that is one', () => {
  for (const [header, date] of [
    ['Date: Wed, 29 May 2024 18:26:40 +0200', '20240529T162640'],
    ['Date: Wed, 29 May 12024 18:26:40 +0000', '20260102T030405'],
    ['Date: Fri, 31 Dec 9999 23:59:59 -0100', '20260102T030405'],
    ['X-No-Date: 1', '20260102T030405'],
  ] as const) {
    const raw = Buffer.from(`${header}\r\nSubject: Hello\r\n\r\nHello`)
    const mail = formatMail({
      raw,
      message: parseIncoming(raw),
      envelopeFrom: 'ann@client.example',
      recipient: 'orders@shop.example',
      receivedAt: Date.UTC(2026, 0, 2, 3, 4, 5),
      customId: '',
      payload: '',
    }) as { Date: string }
    assert.equal(mail.Date, date, header)
  }
})
