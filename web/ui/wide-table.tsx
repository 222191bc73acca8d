import { Table } from '@mantine/core'
import type { ReactNode } from 'react'

/** Where the screen is narrower than the table, its box scrolls sideways, by the keyboard too. */
export function WideTable({ minWidth, children }: { minWidth: number; children: ReactNode }) {
  return (
    <Table.ScrollContainer minWidth={minWidth} scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}>
      {children}
    </Table.ScrollContainer>
  )
}
