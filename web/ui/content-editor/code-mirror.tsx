/** The code editor itself. Loaded when somebody edits: it is larger than the rest of the page. */
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands'
import { html } from '@codemirror/lang-html'
import { json } from '@codemirror/lang-json'
import { bracketMatching, HighlightStyle, indentOnInput, syntaxHighlighting } from '@codemirror/language'
import { lintGutter, setDiagnostics } from '@codemirror/lint'
import { Compartment, EditorState, type Extension } from '@codemirror/state'
import {
  Decoration,
  type DecorationSet,
  drawSelection,
  EditorView,
  highlightActiveLine,
  keymap,
  lineNumbers,
  MatchDecorator,
  ViewPlugin,
  type ViewUpdate,
} from '@codemirror/view'
import { tags } from '@lezer/highlight'
import { useEffect, useRef } from 'react'
import { pageNonce } from '../page-nonce.ts'
import type { CodeEditorProps } from './code-editor.tsx'

export function CodeMirror({
  value,
  onChange,
  language,
  label,
  problems = [],
  isReadOnly = false,
  height,
  goTo,
}: CodeEditorProps) {
  const parent = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView>(null)
  const changed = useRef(onChange)
  changed.current = onChange
  const first = useRef({ value, language, label, isReadOnly })

  useEffect(() => {
    const start = first.current
    const made = new EditorView({
      ...(parent.current !== null && { parent: parent.current }),
      state: EditorState.create({
        doc: start.value,
        extensions: [
          EditorView.cspNonce.of(pageNonce),
          lineNumbers(),
          history(),
          drawSelection(),
          indentOnInput(),
          bracketMatching(),
          highlightActiveLine(),
          lintGutter(),
          // Tab is left to the keyboard: it goes on to the next field.
          keymap.of([...defaultKeymap, ...historyKeymap]),
          EditorView.lineWrapping,
          languages[start.language],
          start.language === 'json' ? [] : templateCode,
          syntaxHighlighting(colours),
          look,
          EditorView.contentAttributes.of({ 'aria-label': start.label, spellcheck: 'false', tabindex: '0' }),
          readOnly.of(readOnlyState(start.isReadOnly)),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) changed.current(update.state.doc.toString())
          }),
        ],
      }),
    })
    view.current = made
    // The first look may come before the styles do, and takes lines to be lower than they are.
    const measure = requestAnimationFrame(() => made.requestMeasure())
    return () => {
      cancelAnimationFrame(measure)
      made.destroy()
      view.current = null
    }
  }, [])

  useEffect(() => {
    const { current } = view
    if (current === null || current.state.doc.toString() === value) return
    current.dispatch({ changes: { from: 0, to: current.state.doc.length, insert: value } })
  }, [value])

  useEffect(() => {
    view.current?.dispatch({ effects: readOnly.reconfigure(readOnlyState(isReadOnly)) })
  }, [isReadOnly])

  useEffect(() => {
    const { current } = view
    if (current === null) return
    const { doc } = current.state
    const diagnostics = problems.flatMap(({ line, message }) => {
      if (line === undefined || line > doc.lines) return []
      const { from, to } = doc.line(line)
      return [{ from, to, severity: 'error' as const, message }]
    })
    current.dispatch(setDiagnostics(current.state, diagnostics))
  }, [problems])

  useEffect(() => {
    const { current } = view
    if (current === null || goTo === undefined) return
    const line = current.state.doc.line(Math.min(goTo.line, current.state.doc.lines))
    current.dispatch({
      selection: { anchor: line.from },
      effects: EditorView.scrollIntoView(line.from, { y: 'center' }),
    })
    current.focus()
  }, [goTo])

  return <div ref={parent} className="code-editor" style={{ height }} />
}

const languages: Record<CodeEditorProps['language'], Extension> = {
  html: html({ matchClosingTags: false }),
  json: json(),
  text: [],
}

const readOnly = new Compartment()

/** It can still be reached and read by keyboard. */
function readOnlyState(isReadOnly: boolean): Extension {
  return EditorState.readOnly.of(isReadOnly)
}

const matcher = new MatchDecorator({
  regexp: /\{\{[^}]{0,500}\}\}|\{%[^%]{0,500}%\}|\[\[[^\]]{0,500}\]\]/g,
  decoration: Decoration.mark({ class: 'template-code' }),
})

const templateCode = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet
    constructor(view: EditorView) {
      this.decorations = matcher.createDeco(view)
    }
    update(update: ViewUpdate) {
      this.decorations = matcher.updateDeco(update, this.decorations)
    }
  },
  { decorations: ({ decorations }) => decorations },
)

/** Colours of the library, which change with its light and dark. */
const colour = (name: string) => `var(--code-${name})`
const colours = HighlightStyle.define([
  { tag: [tags.tagName, tags.keyword], color: colour('blue') },
  { tag: [tags.attributeName, tags.propertyName], color: colour('violet') },
  { tag: [tags.string, tags.attributeValue], color: colour('green') },
  { tag: [tags.number, tags.bool, tags.null, tags.unit, tags.color], color: colour('orange') },
  { tag: [tags.comment], color: 'var(--mantine-color-dimmed)', fontStyle: 'italic' },
])

const look = EditorView.theme({
  '&': {
    height: '100%',
    fontSize: '13px',
    backgroundColor: 'var(--mantine-color-body)',
    color: 'var(--mantine-color-text)',
  },
  '&.cm-focused': { outline: '2px solid var(--mantine-primary-color-filled)', outlineOffset: '1px' },
  '.cm-scroller': { fontFamily: 'var(--mantine-font-family-monospace)', lineHeight: '1.55' },
  '.cm-content': { caretColor: 'var(--mantine-color-text)' },
  '.cm-cursor': { borderLeftColor: 'var(--mantine-color-text)' },
  '.cm-gutters': {
    backgroundColor: 'var(--code-gutter)',
    color: 'var(--mantine-color-dimmed)',
    border: 'none',
  },
  '.cm-activeLine': { backgroundColor: 'var(--code-line)' },
  '.cm-activeLineGutter': { backgroundColor: 'transparent' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
    backgroundColor: 'var(--code-selection)',
  },
  '.cm-tooltip': {
    backgroundColor: 'var(--mantine-color-body)',
    border: '1px solid var(--mantine-color-default-border)',
  },
  '.template-code, .template-code span': { color: `${colour('red')}`, fontWeight: '600' },
})
