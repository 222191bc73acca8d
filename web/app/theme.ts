import {
  Badge,
  type CSSVariablesResolver,
  createTheme,
  type MantineColorsTuple,
  NavLink,
} from '@mantine/core'

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
  components: {
    NavLink: NavLink.extend({ styles: { root: { paddingBlock: 6 } } }),
    // Words of a state are read whole, on narrow screens too.
    Badge: Badge.extend({
      styles: {
        root: { height: 'auto', minHeight: 20, paddingBlock: 2, textTransform: 'none' },
        label: { whiteSpace: 'normal', overflow: 'visible' },
      },
    }),
  },
  headings: { fontWeight: '650', sizes: { h1: { fontSize: '1.5rem' }, h2: { fontSize: '1.125rem' } } },
})

/** Quiet words are to be read too: the library's own grey has 4.1:1 on white. */
export const quietColors: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-dimmed': 'var(--mantine-color-gray-7)',
    '--mantine-color-placeholder': 'var(--mantine-color-gray-6)',
    '--mantine-color-error': 'var(--mantine-color-red-8)',
    // Words of badges and alerts on their own pale ground.
    '--mantine-color-gray-light-color': 'var(--mantine-color-gray-8)',
    '--mantine-color-teal-light-color': '#05583f',
    '--mantine-color-green-light-color': '#1c6b2c',
    '--mantine-color-red-light-color': '#a51d1d',
    '--mantine-color-orange-light-color': '#953207',
    '--mantine-color-yellow-light-color': '#734100',
    '--mantine-color-blue-light-color': '#14508f',
  },
  dark: { '--mantine-color-dimmed': 'var(--mantine-color-dark-1)' },
})
