/** What a template may see of the message it becomes. */
export type TemplateContext = {
  /** `var:`, and `[[var:…]]`. */
  readonly variables: Readonly<Record<string, unknown>>
  /** `data:`: stored properties of the recipient. */
  readonly contactData?: Readonly<Record<string, unknown>>
  /** `mj:contact`: the recipient. */
  readonly contact?: Party
  /** `mj:sender`: the From. */
  readonly sender?: Party
  /** `mj:template`: the stored template in use. */
  readonly template?: { readonly id?: number; readonly name?: string; readonly copyright?: string }
  /** Other names below `mj:`, such as `unsub_link_fr` or `permalink`; undefined where there is none. */
  readonly predefined?: (name: string) => string | undefined
  /** `segment:`, by name or id; undefined where there is no such segment. */
  readonly inSegment?: (nameOrId: string) => boolean | undefined
  readonly hasOpenedSince?: (days: number) => boolean
  readonly hasClickedSince?: (days: number) => boolean
  readonly limits?: RenderLimits
}

export type Party = {
  readonly id?: number
  readonly email: string
  readonly localPart: string
  readonly domain: string
  readonly name: string
}

export type RenderLimits = {
  /** Length of the result, and of any text on the way to it. */
  readonly characters: number
  /** Parts and operators evaluated; long texts count by their length. */
  readonly steps: number
}

export const usualLimits: RenderLimits = { characters: 10_000_000, steps: 1_000_000 }
