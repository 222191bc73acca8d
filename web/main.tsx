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
import { pageNonce } from './ui/page-nonce.ts'

const root = document.getElementById('root')
if (root === null) throw new Error('the page has no #root')

// Where dialogs keep the page behind them still, a library of the library writes a style of its own.
Object.assign(globalThis, { __webpack_nonce__: pageNonce })

watchEndedSessions()
createRoot(root).render(
  <StrictMode>
    <MantineProvider
      theme={theme}
      defaultColorScheme="auto"
      cssVariablesResolver={quietColors}
      getStyleNonce={() => pageNonce}
    >
      <QueryClientProvider client={queries}>
        <PreferencesProvider>
          <Door />
        </PreferencesProvider>
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
)
