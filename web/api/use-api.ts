/** Reading and changing what the server holds, from components. */
import {
  keepPreviousData,
  QueryClient,
  type UseMutationResult,
  type UseQueryResult,
  useMutation,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query'
import { useState } from 'react'
import { ApiError, call } from './call.ts'

/** What was read so long ago is shown without asking again. */
const freshMs = 5_000

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: freshMs,
      // A refusal does not change by asking again; a broken connection may.
      retry: (failures, error) => !(error instanceof ApiError) && failures < 2,
    },
  },
})

/**
 * `GET /api{path}`; asked again after changes below the same first segment. `everyMs`: and while it is looked at.
 * `version`: of what it is made from, where that is known; another one is asked for at once.
 */
export function useRead<Answer>(
  path: string | undefined,
  { everyMs, version }: { everyMs?: number; version?: number | null } = {},
): UseQueryResult<Answer, Error> {
  return useQuery({
    queryKey: [subjectOf(path ?? ''), path, ...(version === undefined ? [] : [version])],
    queryFn: () => call<Answer>('GET', path ?? ''),
    enabled: path !== undefined,
    placeholderData: keepPreviousData,
    ...(everyMs !== undefined && { refetchInterval: everyMs }),
  })
}

/** `error`: of the last time that it was asked for; `data` may be there nevertheless, from before. */
export type Reading<Answer> = { data: Answer | undefined; error: Error | null; refetch: () => unknown }

/** It is known how much room the answer takes, or why there is none: what stands below it can be shown and stays there. */
export function hasAnswered({ data, error }: Pick<Reading<unknown>, 'data' | 'error'>): boolean {
  return data !== undefined || error !== null
}

/**
 * As `useRead`, for what an editor begins from: no `data` until it was read for this path and this visit. What was kept
 * from an earlier one may have been changed by somebody else, and an editor takes only what it is given first.
 */
export function useFreshRead<Answer>(path: string | undefined): Reading<Answer> {
  const { data, error, refetch, isPlaceholderData, dataUpdatedAt } = useRead<Answer>(path)
  const [asked, setAsked] = useState(() => ({ path, at: Date.now() }))
  if (asked.path !== path) setAsked({ path, at: Date.now() })
  const isFresh = asked.path === path && !isPlaceholderData && dataUpdatedAt >= asked.at - freshMs
  return { data: isFresh ? data : undefined, error, refetch }
}

/**
 * A change. `touches`: first segments of what has to be read again (`'domains'`). `queue`: changes of one name wait for
 * each other. What went wrong stands in `error`, and the caller shows it beside what was clicked.
 */
export function useChange<Input, Answer = unknown>(
  change: (input: Input) => Promise<Answer>,
  { touches, queue }: { touches: readonly string[]; queue?: string },
): UseMutationResult<Answer, Error, Input> {
  const client = useQueryClient()
  return useMutation({
    mutationFn: change,
    ...(queue !== undefined && { scope: { id: queue } }),
    onSettled: async () => {
      // What nobody looks at is forgotten: the next page must not show for a moment what has just been removed.
      for (const subject of touches) client.removeQueries({ queryKey: [subject], type: 'inactive' })
      await Promise.all(touches.map((subject) => client.invalidateQueries({ queryKey: [subject] })))
    },
  })
}

/** `/domains/a.example?x=1` → `domains` */
function subjectOf(path: string): string {
  return path.split(/[/?]/, 2)[1] ?? ''
}
