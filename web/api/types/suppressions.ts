/** Addresses that get no mail. */

export const suppressionReasons = [
  'hard-bounce',
  'soft-bounces',
  'complaint',
  'unsubscribe',
  'manual',
  'import',
] as const

export type Suppression = {
  address: string
  reason: (typeof suppressionReasons)[number]
  origin: string
  messageId: number | null
  deliveryId: number | null
  createdAt: number
}
