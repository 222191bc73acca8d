/** The thread that writes one backup. */
import { copyDatabase } from './backup.ts'
import { serveThread } from './thread.ts'

serveThread<{ folder: string }, { path: string }>(({ folder }) => ({
  answer({ path }) {
    copyDatabase({ folder, path })
    return { value: undefined }
  },
  close() {},
}))
