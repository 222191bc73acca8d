/** What is used here of packages that come without types. */
declare module 'mjml' {
  type Fault = { line: number; tagName: string; message: string }
  /** Throws where nothing can be made of `source`; other faults are told in `errors`. */
  export default function mjml2html(
    source: string,
    options: { ignoreIncludes: true; validationLevel: 'soft' },
  ): Promise<{ html: string; errors: Fault[] }>
}

declare module 'html-to-text' {
  type Selector = { selector: string; format?: string; options?: Record<string, unknown> }
  export function convert(
    html: string,
    options: {
      wordwrap: number | false
      limits: { maxInputLength: number }
      selectors: Selector[]
    },
  ): string
}
