/** Templates that ask for more than a compiler should give. */

/** A third of a megabyte, of which the compiler would make some gigabytes: it ended the process that compiled it. */
export const hungryMjml = `<mjml>
<mj-head><mj-attributes><mj-class name="a" css-class="${'x'.repeat(300_000)}"/></mj-attributes></mj-head>
<mj-body><mj-section><mj-column><mj-text mj-class="${'a '.repeat(1_200)}">Hi</mj-text></mj-column></mj-section></mj-body>
</mjml>`

/** Takes minutes: each rule is looked for in each paragraph. */
export const slowMjml = `<mjml>
<mj-head><mj-style inline="inline">${'p.x{color:red}'.repeat(30_000)}</mj-style></mj-head>
<mj-body><mj-raw>${'<p>a</p>'.repeat(20_000)}</mj-raw></mj-body>
</mjml>`
