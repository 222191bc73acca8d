/** The shape of durable work. The queue knows nothing of mail: lanes and keys are words to it. */
import type { WorkId } from '../mail/ids.ts'

export { never } from '../storage/schema.ts'

export type Work = {
  id: WorkId
  lane: string
  /** Fairness: lanes are served in turns over their keys. */
  key: string
  /** What it is about; for delivery lanes the message id. */
  ref: number
  /** Including the one about to be made. */
  attempts: number
  createdAt: number
}
