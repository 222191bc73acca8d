import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core'
import { useState } from 'react'
import { call } from '../../api/call.ts'
import type { Campaign } from '../../api/types.ts'
import { useChange } from '../../api/use-api.ts'
import { useTexts } from '../../app/preferences.tsx'
import { campaignsTexts } from '../../texts/campaigns.ts'
import { commonTexts } from '../../texts/common.ts'
import { Problem } from '../../ui/problem.tsx'
import { useFormats } from './formats.ts'
import { MassServer } from './mass-server.tsx'

/** A day and a time in the zone of the browser, said in words before it counts. */
export function ScheduleDialog({
  campaign,
  recipients,
  apiKey,
  onClose,
}: {
  campaign: Campaign
  /** Now; undefined where that is not known. */
  recipients?: number
  apiKey: string | undefined
  onClose: () => void
}) {
  const t = useTexts(campaignsTexts)
  const common = useTexts(commonTexts)
  const { instant, away, number } = useFormats()
  // The page goes on reading behind this dialog: what was seen when it was opened is what may go.
  const [{ modifiedAt: lookedAt }] = useState(campaign)
  const [first] = useState(() => fieldsOf(campaign.scheduledAt ?? tomorrowMorning()))
  const [day, setDay] = useState(first.day)
  const [time, setTime] = useState(first.time)
  const at = new Date(`${day}T${time}`).getTime()
  const now = Date.now()
  const isGiven = !Number.isNaN(at)
  const isPast = isGiven && at < now
  const schedule = useChange(
    async () => {
      await call('POST', `/campaigns/${campaign.id}/schedule`, { key: apiKey, lookedAt, at })
      onClose()
    },
    { touches: ['campaigns'] },
  )
  return (
    <Modal
      opened
      onClose={onClose}
      title={t.schedule}
      closeButtonProps={{ 'aria-label': common.close }}
      centered
    >
      <form
        onSubmit={(event) => {
          event.preventDefault()
          schedule.mutate(undefined)
        }}
      >
        <Stack>
          <Group grow align="flex-start">
            <TextInput
              type="date"
              label={t.date}
              required
              data-autofocus
              value={day}
              onChange={({ currentTarget }) => setDay(currentTarget.value)}
            />
            <TextInput
              type="time"
              label={t.time}
              required
              value={time}
              onChange={({ currentTarget }) => setTime(currentTarget.value)}
            />
          </Group>
          <Text size="sm" c="dimmed">
            {t.zone(Intl.DateTimeFormat().resolvedOptions().timeZone)}
          </Text>
          <Text role="status" fw={600} {...(isPast && { c: 'red.9' })}>
            {isGiven ? (isPast ? t.isPast : t.willGo(instant(at), away(at, now))) : t.noTime}
          </Text>
          {recipients !== undefined && <Text>{t.confirmSchedule(number(recipients))}</Text>}
          <MassServer apiKey={apiKey} />
          <Problem error={schedule.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {common.cancel}
            </Button>
            <Button type="submit" disabled={!isGiven || isPast} loading={schedule.isPending}>
              {t.scheduleFor}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}

function tomorrowMorning(): number {
  const date = new Date()
  date.setDate(date.getDate() + 1)
  date.setHours(9, 0, 0, 0)
  return date.getTime()
}

/** As the fields of the browser want it, in its own zone. */
function fieldsOf(at: number): { day: string; time: string } {
  const date = new Date(at)
  const two = (number: number) => String(number).padStart(2, '0')
  return {
    day: `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`,
    time: `${two(date.getHours())}:${two(date.getMinutes())}`,
  }
}
