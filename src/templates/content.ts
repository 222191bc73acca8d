/** What a template or a campaign holds: the parts of a mail, before anything in them is replaced. */

export type Content = {
  html: string | null
  text: string | null
  /** What the HTML part was made from: MJML, or the JSON tree of a visual editor. Kept as it was given. */
  mjml: string | null
  /**
   * Defaults of the mail's header fields by name, in any letter case: `Subject`, `From`, `Reply-to`, `SenderName`,
   * `SenderEmail` and fields of the author's own (reference/campaigns-templates.md §5.1).
   */
  headers: Readonly<Record<string, string>>
}
