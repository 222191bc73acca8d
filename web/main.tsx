import { MantineProvider } from '@mantine/core'
import '@mantine/core/styles.css'
import { QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { queries } from './api/use-api.ts'
import './app/app.css'
import { Door } from './app/door.tsx'
import { PreferencesProvider } from './app/preferences.tsx'
import { watchEndedSessions } from './app/session.tsx'
import { quietColors, theme } from './app/theme.ts'

const root = document.getElementById('root')
if (root === null) throw new Error('the page has no #root')

/** The content policy lets only styles with the nonce of this answer in. */
const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? ''
// Where dialogs keep the page behind them still, a library of the library writes a style of its own.
Object.assign(globalThis, { __webpack_nonce__: nonce })

watchEndedSessions()
createRoot(root).render(
  <StrictMode>
    <MantineProvider
      theme={theme}
      defaultColorScheme="auto"
      cssVariablesResolver={quietColors}
      getStyleNonce={() => nonce}
    >
      <QueryClientProvider client={queries}>
        <PreferencesProvider>
          <Door />
        </PreferencesProvider>
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
)
