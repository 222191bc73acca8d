import { useParams } from '@tanstack/react-router'

/** What stands in the address for `$name`. */
export function useParam(name: string): string {
  const params: Record<string, string | undefined> = useParams({ strict: false })
  return params[name] ?? ''
}
