/** Templates, and what would be sent of them. */

export type TemplateContent = {
  html: string | null
  text: string | null
  mjml: string | null
  headers: Record<string, string>
  htmlFromMjml: boolean
  textFromHtml: boolean
}

export type Template = {
  id: number
  name: string
  ownerType: 'apikey' | 'user'
  author: string
  description: string
  copyright: string
  editMode: 'visual' | 'html' | 'section' | 'mjml'
  locale: string
  purposes: ('transactional' | 'marketing' | 'automation')[]
  isStarred: boolean
  makesText: boolean
  version: number
  createdAt: number
  updatedAt: number
  deletedAt: number | null
  isReadOnly: boolean
}

export type OpenedTemplate = { template: Template; content: TemplateContent }

export type TemplateVersion = { number: number; createdAt: number; createdBy: string }

export type PreviewProblem = { part: 'mjml' | 'subject' | 'html' | 'text'; message: string; line?: number }

export type TemplatePreview = {
  from: string | null
  replyTo: string
  subject: string
  html: string | null
  text: string | null
  problems: PreviewProblem[]
  page: string | null
}
