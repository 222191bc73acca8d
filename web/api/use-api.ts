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
import { ApiError, call } from './call.ts'

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      // A refusal does not change by asking again; a broken connection may.
      retry: (failures, error) => !(error instanceof ApiError) && failures < 2,
    },
  },
})

/** `GET /api{path}`; asked again after changes below the same first segment. `everyMs`: and while it is looked at. */
export function useRead<Answer>(
  path: string | undefined,
  { everyMs }: { everyMs?: number } = {},
): UseQueryResult<Answer, Error> {
  return useQuery({
    queryKey: [subjectOf(path ?? ''), path],
    queryFn: () => call<Answer>('GET', path ?? ''),
    enabled: path !== undefined,
    placeholderData: keepPreviousData,
    ...(everyMs !== undefined && { refetchInterval: everyMs }),
  })
}

/**
 * A change. `touches`: first segments of what has to be read again (`'domains'`). What went wrong stands in `error`,
 * and the caller shows it beside what was clicked.
 */
export function useChange<Input, Answer = unknown>(
  change: (input: Input) => Promise<Answer>,
  { touches }: { touches: readonly string[] },
): UseMutationResult<Answer, Error, Input> {
  const client = useQueryClient()
  return useMutation({
    mutationFn: change,
    onSettled: async () => {
      await Promise.all(touches.map((subject) => client.invalidateQueries({ queryKey: [subject] })))
    },
  })
}

/** `/domains/a.example?x=1` → `domains` */
function subjectOf(path: string): string {
  return path.split(/[/?]/, 2)[1] ?? ''
}
