/** Points to begin from: MJML of our own, without pictures and fonts from elsewhere. */
import type { Language } from '../../texts/define.ts'
import { starterTexts } from '../../texts/starters.ts'

export const starterNames = ['welcome', 'newsletter', 'receipt', 'announcement'] as const
export type StarterName = (typeof starterNames)[number]

export type Starter = {
  mjml: string
  subject: string
  /** Values that show it well. */
  variables: Record<string, unknown>
  purpose: 'transactional' | 'marketing'
}

const starters: Record<StarterName, (language: Language) => Starter> = {
  welcome(language) {
    const t = starterTexts[language].welcome
    const steps = t.steps
      .map(
        (step, index) => `    <mj-section padding="4px 24px" background-color="#ffffff">
      <mj-group>
        <mj-column width="12%">
          <mj-text align="center" color="#1d4f91" font-weight="700" padding="8px 0">${index + 1}</mj-text>
        </mj-column>
        <mj-column width="88%">
          <mj-text padding="8px 0">${step}</mj-text>
        </mj-column>
      </mj-group>
    </mj-section>
`,
      )
      .join('')
    const mjml = `<mjml>
  <mj-head>
    <mj-preview>${t.preview}</mj-preview>
${attributes}
  </mj-head>
  <mj-body background-color="#f1f3f5">
    <mj-section padding="32px 24px 16px" background-color="#1d4f91">
      <mj-column>
        <mj-text color="#ffffff" font-size="26px" font-weight="700" line-height="1.25">${t.title}</mj-text>
      </mj-column>
    </mj-section>
    <mj-section padding="24px 24px 8px" background-color="#ffffff">
      <mj-column>
        <mj-text>${t.text}</mj-text>
      </mj-column>
    </mj-section>
${steps}    <mj-section padding="16px 24px 32px" background-color="#ffffff">
      <mj-column>
        <mj-button href="https://shop.example/account">${t.button}</mj-button>
        <mj-text padding-top="24px">${t.goodbye}<br />${t.signature}</mj-text>
      </mj-column>
    </mj-section>
  </mj-body>
</mjml>
`
    return { mjml, subject: t.subject, variables: { firstname: 'Ana' }, purpose: 'transactional' }
  },

  newsletter(language) {
    const t = starterTexts[language].newsletter
    const story = (title: string) => `      <mj-column background-color="#ffffff" border="6px solid #f1f3f5">
        <mj-text font-size="18px" font-weight="700" padding="20px 20px 4px">${title}</mj-text>
        <mj-text padding="4px 20px">${t.storyText}</mj-text>
        <mj-text padding="4px 20px 20px"><a href="https://shop.example/news">${t.more}</a></mj-text>
      </mj-column>
`
    const mjml = `<mjml>
  <mj-head>
    <mj-preview>${t.preview}</mj-preview>
${attributes}
  </mj-head>
  <mj-body background-color="#f1f3f5">
    <mj-section padding="28px 24px 12px">
      <mj-column>
        <mj-text align="center" color="#c8202f" font-size="13px" font-weight="700" letter-spacing="2px">${t.kicker}</mj-text>
      </mj-column>
    </mj-section>
    <mj-section padding="28px 24px" background-color="#ffffff" border-top="4px solid #c8202f">
      <mj-column>
        <mj-text font-size="26px" font-weight="700" line-height="1.25">${t.title}</mj-text>
        <mj-text>${t.text}</mj-text>
        <mj-button href="https://shop.example/story" background-color="#c8202f">${t.button}</mj-button>
      </mj-column>
    </mj-section>
    <mj-section padding="12px 0">
${story(t.firstTitle)}${story(t.secondTitle)}    </mj-section>
    <mj-section padding="12px 24px 32px">
      <mj-column>
        <mj-text align="center" color="#495057" font-size="12px">
          ${t.why}<br /><a href="[[UNSUB_LINK_${language.toUpperCase()}]]" style="color: #495057">${t.leave}</a>
        </mj-text>
      </mj-column>
    </mj-section>
  </mj-body>
</mjml>
`
    return { mjml, subject: t.subject, variables: {}, purpose: 'marketing' }
  },

  receipt(language) {
    const t = starterTexts[language].receipt
    const cell = 'padding: 8px 0; border-bottom: 1px solid #dee2e6'
    const right = `${cell}; text-align: right; white-space: nowrap`
    const mjml = `<mjml>
  <mj-head>
    <mj-preview>${t.preview}</mj-preview>
${attributes}
  </mj-head>
  <mj-body background-color="#f1f3f5">
    <mj-section padding="32px 24px 8px" background-color="#ffffff" border-top="4px solid #1d4f91">
      <mj-column>
        <mj-text font-size="24px" font-weight="700" line-height="1.25">${t.title}</mj-text>
        <mj-text>${t.text}</mj-text>
      </mj-column>
    </mj-section>
    <mj-section padding="8px 24px" background-color="#ffffff">
      <mj-column>
        <mj-table>
          <tr style="text-align: left; color: #495057">
            <th style="${cell}">${t.item}</th>
            <th style="${right}">${t.quantity}</th>
            <th style="${right}; padding-left: 16px">${t.price}</th>
          </tr>
          {% for line in var:order.lines %}
          <tr>
            <td style="${cell}">{{Escape(line.name)}}</td>
            <td style="${right}">{{line.quantity}}</td>
            <td style="${right}; padding-left: 16px">{{line.price}}</td>
          </tr>
          {% endfor %}
          <tr>
            <td style="${cell}" colspan="2">${t.shipping}</td>
            <td style="${right}">{{var:order.shipping}}</td>
          </tr>
          <tr style="font-weight: 700">
            <td style="${cell}; border: 0" colspan="2">${t.total}</td>
            <td style="${right}; border: 0">{{var:order.total}}</td>
          </tr>
        </mj-table>
      </mj-column>
    </mj-section>
    <mj-section padding="8px 24px 32px" background-color="#ffffff">
      <mj-column>
        <mj-button href="{{var:order.url}}">${t.button}</mj-button>
        <mj-text padding-top="24px" color="#495057" font-size="13px">${t.help}</mj-text>
      </mj-column>
    </mj-section>
  </mj-body>
</mjml>
`
    const order = {
      number: '2026-1042',
      lines: [
        { name: 'Kite, green', quantity: 2, price: '39,80 €' },
        { name: 'Line, 50 m', quantity: 1, price: '12,00 €' },
      ],
      shipping: '4,90 €',
      total: '56,70 €',
      url: 'https://shop.example/orders/1042',
    }
    return { mjml, subject: t.subject, variables: { name: 'Ana', order }, purpose: 'transactional' }
  },

  announcement(language) {
    const t = starterTexts[language].announcement
    const mjml = `<mjml>
  <mj-head>
    <mj-preview>${t.preview}</mj-preview>
${attributes}
  </mj-head>
  <mj-body background-color="#ffffff">
    <mj-section padding="56px 24px" background-color="#12294d">
      <mj-column>
        <mj-text align="center" color="#a5c4f3" font-size="14px" font-weight="700">${t.when}</mj-text>
        <mj-text align="center" color="#ffffff" font-size="32px" font-weight="700" line-height="1.2">${t.title}</mj-text>
        <mj-text align="center" color="#e7edf7" font-size="17px">${t.text}</mj-text>
        <mj-button href="https://shop.example/new" background-color="#ffffff" color="#12294d">${t.button}</mj-button>
      </mj-column>
    </mj-section>
    <mj-section padding="20px 24px">
      <mj-column>
        <mj-text align="center" color="#495057" font-size="12px">${t.footer}</mj-text>
      </mj-column>
    </mj-section>
  </mj-body>
</mjml>
`
    const variables = { company: 'Garden & Co', date: language === 'fr' ? '1er mars' : '1 March' }
    return { mjml, subject: t.subject, variables, purpose: 'transactional' }
  },
}

const attributes = `    <mj-attributes>
      <mj-all font-family="Helvetica, Arial, sans-serif" />
      <mj-text color="#212529" font-size="15px" line-height="1.6" />
      <mj-button background-color="#1d4f91" border-radius="6px" font-size="15px" font-weight="700" inner-padding="12px 24px" />
    </mj-attributes>`

export function starter(name: StarterName, language: Language): Starter {
  return starters[name](language)
}
