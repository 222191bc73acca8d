/** What a person likes to see: kept in the browser, so that the sign-in page has it too. */
import { createContext, type ReactNode, use, useEffect, useMemo, useState } from 'react'
import { type Language, languages, type Texts } from '../texts/define.ts'

export type Preferences = {
  language: Language
  setLanguage(language: Language): void
  /** Shows Settings → Technical. */
  isDeveloper: boolean
  setDeveloper(on: boolean): void
}

const languageKey = 'paravion-language'
const developerKey = 'paravion-developer-mode'

const PreferencesContext = createContext<Preferences | undefined>(undefined)

export function PreferencesProvider({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useState(readLanguage)
  const [isDeveloper, setDeveloper] = useState(() => localStorage.getItem(developerKey) === 'on')

  useEffect(() => {
    document.documentElement.lang = language
  }, [language])

  const preferences = useMemo(
    () => ({
      language,
      setLanguage(next: Language) {
        localStorage.setItem(languageKey, next)
        setLanguage(next)
      },
      isDeveloper,
      setDeveloper(on: boolean) {
        localStorage.setItem(developerKey, on ? 'on' : 'off')
        setDeveloper(on)
      },
    }),
    [language, isDeveloper],
  )
  return <PreferencesContext value={preferences}>{children}</PreferencesContext>
}

export function usePreferences(): Preferences {
  const preferences = use(PreferencesContext)
  if (preferences === undefined) throw new Error('usePreferences outside of PreferencesProvider')
  return preferences
}

/** The texts of a subject in the person's language. */
export function useTexts<Shape>(texts: Texts<Shape>): Shape {
  return texts[usePreferences().language]
}

function readLanguage(): Language {
  const kept = localStorage.getItem(languageKey)
  const wanted = [kept, ...navigator.languages.map((tag) => tag.slice(0, 2))]
  return wanted.find((one): one is Language => languages.some((known) => known === one)) ?? 'en'
}
