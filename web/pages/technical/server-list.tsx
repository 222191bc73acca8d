import { ActionIcon, Anchor, Badge, Box, Group, Paper, Stack, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { call } from '../../api/call.ts'
import type { OutgoingServer } from '../../api/types.ts'
import { useChange } from '../../api/use-api.ts'
import { useTexts } from '../../app/preferences.tsx'
import { serversTexts } from '../../texts/servers.ts'
import { DownIcon, GripIcon, UpIcon, WarnIcon } from '../../ui/icons.tsx'
import { Problem } from '../../ui/problem.tsx'

/** In the order in which they are asked. Dragging a row, or its arrows, changes it. */
export function ServerList({ servers, mayMove }: { servers: readonly OutgoingServer[]; mayMove: boolean }) {
  const [dragged, setDragged] = useState<number>()
  const [over, setOver] = useState<number>()
  const order = useChange((ids: number[]) => call('POST', '/outgoing-servers/order', { ids }), {
    touches: ['outgoing-servers'],
  })

  function move(id: number, index: number): void {
    const others = servers.map((server) => server.id).filter((one) => one !== id)
    order.mutate(others.toSpliced(index, 0, id))
  }

  return (
    <Stack gap="xs">
      <Problem error={order.error} />
      <Stack gap="xs" component="ol" p={0} m={0} style={{ listStyle: 'none' }}>
        {servers.map((server, index) => (
          <Paper
            key={server.id}
            withBorder
            p="sm"
            component="li"
            draggable={mayMove}
            onDragStart={() => setDragged(server.id)}
            onDragEnd={() => {
              setDragged(undefined)
              setOver(undefined)
            }}
            onDragOver={(event) => {
              if (dragged === undefined) return
              event.preventDefault()
              setOver(index)
            }}
            onDrop={(event) => {
              event.preventDefault()
              if (dragged !== undefined && dragged !== server.id) move(dragged, index)
            }}
            style={{
              opacity: dragged === server.id ? 0.5 : 1,
              ...(over === index &&
                dragged !== server.id && { outline: '2px solid var(--mantine-primary-color-filled)' }),
            }}
          >
            <Row server={server} index={index} count={servers.length} mayMove={mayMove} onMove={move} />
          </Paper>
        ))}
      </Stack>
    </Stack>
  )
}

function Row({
  server,
  index,
  count,
  mayMove,
  onMove,
}: {
  server: OutgoingServer
  index: number
  count: number
  mayMove: boolean
  onMove: (id: number, index: number) => void
}) {
  const t = useTexts(serversTexts)
  const { id, name, host, port, security, fromFilter, priority, isActive, warnings } = server
  return (
    <Group wrap="nowrap" align="flex-start" gap="sm">
      {mayMove && (
        <Box c="dimmed" style={{ cursor: 'grab' }} title={t.drag} pt={2}>
          <GripIcon />
        </Box>
      )}
      <div style={{ minWidth: 0, flex: 1 }}>
        <Group gap="xs">
          <Anchor
            component={Link}
            to={`/technical/outgoing-mail-servers/${id}`}
            fw={600}
            className="breaks-anywhere"
          >
            {name}
          </Anchor>
          {!isActive && (
            <Badge variant="light" color="gray" tt="none">
              {t.archived}
            </Badge>
          )}
        </Group>
        <Text size="sm" className="breaks-anywhere">
          {host}:{port} · {t.securities[security]}
        </Text>
        <Text size="sm" c="dimmed" className="breaks-anywhere">
          {t.priorityIs(priority)} · {t.fromFilter}: {fromFilter ?? t.openToAll}
        </Text>
        {warnings.map((warning) => (
          <Group key={warning} gap={6} wrap="nowrap" align="flex-start" mt={4}>
            <Box c="orange" pt={2}>
              <WarnIcon size={15} />
            </Box>
            <Text size="sm">{warning}</Text>
          </Group>
        ))}
      </div>
      {mayMove && (
        <Group gap={0} wrap="nowrap">
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={t.up(name)}
            disabled={index === 0}
            onClick={() => onMove(id, index - 1)}
          >
            <UpIcon />
          </ActionIcon>
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={t.down(name)}
            disabled={index === count - 1}
            onClick={() => onMove(id, index + 1)}
          >
            <DownIcon />
          </ActionIcon>
        </Group>
      )}
    </Group>
  )
}
