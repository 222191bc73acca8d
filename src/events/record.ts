/** The one place that writes events: facts that happened to a message or to one of its deliveries. */
import { defineInsert } from '../storage/storage.ts'

/** A Write to put into the commit of the change it tells about. */
export const recordEvent = defineInsert('events', [
  'message_id',
  'delivery_id',
  'key_id',
  'kind',
  'at',
  'attempt_id',
  'class',
  'detail',
])
