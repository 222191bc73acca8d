import { createTheme, type MantineColorsTuple } from '@mantine/core'

/** The blue of an airmail label. Shade 7 on white and shade 4 on dark keep 4.5:1 (WCAG 2.2 §1.4.3). */
const airmail: MantineColorsTuple = [
  '#eaf2fc',
  '#d3e2f5',
  '#a5c4ea',
  '#74a4df',
  '#5d93db',
  '#3a77c6',
  '#2763b0',
  '#1d4f91',
  '#173f75',
  '#0f2e58',
]

export const theme = createTheme({
  primaryColor: 'airmail',
  primaryShade: { light: 7, dark: 6 },
  colors: { airmail },
  fontFamily: "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif",
  fontFamilyMonospace: "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace",
  defaultRadius: 'md',
  cursorType: 'pointer',
  headings: { fontWeight: '650', sizes: { h1: { fontSize: '1.5rem' }, h2: { fontSize: '1.125rem' } } },
})
