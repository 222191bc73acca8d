import { ActionIcon, Anchor, Button, Group, Paper, Stack, Table, Text, Title } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import { useTexts } from '../../app/preferences.tsx'
import { statisticsTexts } from '../../texts/statistics.ts'
import { DownloadIcon } from '../../ui/icons.tsx'
import { saveCsv } from '../../ui/save-csv.ts'
import { WideTable } from '../../ui/wide-table.tsx'
import { useFormats } from './formats.ts'

const shownFirst = 8

export type Column<Row> = {
  name: string
  value: (row: Row) => string | number
  /** When it is shown as something else than it is saved. */
  show?: (row: Row) => ReactNode
}

/** The largest parts of something, as a table that can be saved. The first column names the row. */
export function Breakdown<Row>({
  title,
  about,
  rows,
  columns,
  keyOf,
  none,
  file,
  firstWidth = 120,
}: {
  title: string
  about?: string
  rows: readonly Row[]
  columns: readonly [Column<Row>, ...Column<Row>[]]
  keyOf: (row: Row) => string
  /** Said when there are no rows. */
  none: string
  file: string
  /** Pixels that the first column wants at least. */
  firstWidth?: number
}) {
  const t = useTexts(statisticsTexts)
  const { number } = useFormats()
  const [showsAll, setShowsAll] = useState(false)
  const shown = showsAll ? rows : rows.slice(0, shownFirst)
  const cell = ({ show, value }: Column<Row>, row: Row) => {
    if (show !== undefined) return show(row)
    const content = value(row)
    return typeof content === 'number' ? number(content) : content
  }
  const [first, ...others] = columns
  return (
    <Paper withBorder p="md" component="section" aria-label={title} style={{ minWidth: 0 }}>
      <Stack gap="xs">
        <Group justify="space-between" wrap="nowrap" align="flex-start">
          <div>
            <Title order={2} size="h4">
              {title}
            </Title>
            {about !== undefined && (
              <Text size="sm" c="dimmed">
                {about}
              </Text>
            )}
          </div>
          {rows.length > 0 && (
            <ActionIcon
              variant="default"
              size="lg"
              aria-label={t.saveOf(title)}
              title={t.saveOf(title)}
              onClick={() =>
                saveCsv(file, [
                  columns.map(({ name }) => name),
                  ...rows.map((row) => columns.map(({ value }) => value(row))),
                ])
              }
            >
              <DownloadIcon />
            </ActionIcon>
          )}
        </Group>
        {rows.length === 0 ? (
          <Text size="sm" c="dimmed">
            {none}
          </Text>
        ) : (
          <WideTable minWidth={firstWidth + 80 * others.length}>
            <Table>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th scope="col">{first.name}</Table.Th>
                  {others.map((column) => (
                    <Table.Th key={column.name} scope="col" ta={sideOf(column, rows)}>
                      {column.name}
                    </Table.Th>
                  ))}
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {shown.map((row) => (
                  <Table.Tr key={keyOf(row)}>
                    <Table.Th scope="row" fw={400} className="breaks-anywhere">
                      {cell(first, row)}
                    </Table.Th>
                    {others.map((column) => (
                      <Table.Td key={column.name} ta={sideOf(column, rows)}>
                        {cell(column, row)}
                      </Table.Td>
                    ))}
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </WideTable>
        )}
        {rows.length > shown.length && (
          <Group>
            <Button variant="default" size="xs" onClick={() => setShowsAll(true)}>
              {t.showAll(number(rows.length))}
            </Button>
          </Group>
        )}
      </Stack>
    </Paper>
  )
}

/** Numbers, and what is shown instead of them, stand to the right. */
function sideOf<Row>({ value, show }: Column<Row>, rows: readonly Row[]): 'left' | 'right' {
  const [row] = rows
  return row !== undefined && show === undefined && typeof value(row) === 'string' ? 'left' : 'right'
}

/** Only what a browser can follow is a link; anything else is shown as it is. */
export function LinkOut({ url }: { url: string }) {
  return /^https?:\/\//i.test(url) ? (
    <Anchor href={url} target="_blank" rel="noreferrer noopener" size="sm" lineClamp={2} title={url}>
      {url}
    </Anchor>
  ) : (
    <Text size="sm" lineClamp={2} title={url}>
      {url}
    </Text>
  )
}
