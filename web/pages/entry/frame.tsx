import { Box, Center, Group, Paper, Stack, Text, Title } from '@mantine/core'
import { type ReactNode, useEffect } from 'react'
import { useTexts } from '../../app/preferences.tsx'
import icon from '../../icon.svg'
import { entryTexts } from '../../texts/entry.ts'

/** The sheet of paper on which one signs in. */
export function EntryFrame({ title, children }: { title: string; children: ReactNode }) {
  const t = useTexts(entryTexts)
  useEffect(() => {
    document.title = `${title} · Paravion`
  }, [title])
  return (
    <Center mih="100vh" p="md" component="main">
      <Box w="100%" maw={440}>
        <Group mb="md" gap="sm">
          <img src={icon} alt="" width={44} height={44} />
          <div>
            <Text fw={700} size="xl" lh={1.1}>
              Paravion
            </Text>
            <Text size="sm" c="dimmed">
              {t.tagline}
            </Text>
          </div>
        </Group>
        <Paper withBorder shadow="sm" radius="md" style={{ overflow: 'hidden' }}>
          <Box className="airmail-edge" aria-hidden="true" />
          <Stack p="xl">
            <Title order={1}>{title}</Title>
            {children}
          </Stack>
        </Paper>
      </Box>
    </Center>
  )
}
