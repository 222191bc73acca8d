/** `/v3/REST/messagestate`: the list of reasons (reference/statistics.md §1). */

import { defineResource } from '../define-resource.ts'
import { messageStates, type Reason } from '../reasons.ts'
import type { Query } from '../resource.ts'

export const messageState = defineResource<Reason>({
  name: 'messagestate',
  description: 'Reasons why a message was not delivered.',
  properties: [
    {
      name: 'ID',
      type: 'integer',
      description: 'State number, see statistics.md.',
      value: (row) => row.stateId,
    },
    { name: 'RelatedTo', type: 'text', description: 'Error family.', value: (row) => row.relatedTo },
    { name: 'State', type: 'text', description: 'State text.', value: (row) => row.state },
  ],
  filters: {},
  sort: { ID: false },
  unknownId: 'not-found',
  select: async (query, page) => matching(query).slice(page.offset, page.offset + page.limit),
  count: async (query) => matching(query).length,
})

function matching({ id }: Query): readonly Reason[] {
  return id === undefined ? messageStates : messageStates.filter((reason) => reason.stateId === id)
}
