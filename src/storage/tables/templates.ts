/** Tables of stored templates. */
import type { TemplateId } from '../../mail/ids.ts'
import type { Flag, Instant } from '../schema.ts'

export type TemplateOwner = 'apikey' | 'user'

export interface TemplateTables {
  templates: {
    id: TemplateId
    owner_type: TemplateOwner
    /** An API key, or an account: each account has one user. */
    owner_id: number
    /** Unique for its owner, among those that are not deleted. */
    name: string
    author: string
    description: string
    copyright: string
    /** 1 made in a visual editor, 2 HTML, 3 a saved section, 4 MJML. */
    edit_mode: number
    /** en_US */
    locale: string
    /** JSON: a list of words. */
    purposes: string
    categories: string
    /** JSON text of an editor's; not looked into. */
    presets: string
    is_starred: Flag
    /** A text part is made from the HTML where none is given. */
    makes_text: Flag
    /** The latest of its versions; 0: it has no content yet. */
    version: number
    created_at: Instant
    updated_at: Instant
    deleted_at: Instant | null
  }
  /** What it held: every save adds one, and the oldest go. */
  template_versions: {
    template_id: TemplateId
    number: number
    html: string | null
    text: string | null
    mjml: string | null
    /** JSON: texts by name. */
    headers: string
    /** 1: `html` was compiled from `mjml`, and follows it. */
    html_from_mjml: Flag
    /** 1: `text` was made from `html`, and follows it. */
    text_from_html: Flag
    created_at: Instant
    /** Who saved it, in words. */
    created_by: string
  }
}
