import { Checkbox, Group, SegmentedControl, Select, Stack, Text, TextInput } from '@mantine/core'
import { timings } from '../../api/types.ts'
import { useTexts } from '../../app/preferences.tsx'
import { statisticsTexts } from '../../texts/statistics.ts'
import { KeyPicker } from '../../ui/key-picker.tsx'
import { periods } from './time-span.ts'
import type { Choice } from './use-choice.ts'

export function Choose({ choice }: { choice: Choice }) {
  const t = useTexts(statisticsTexts)
  const { period, first, last, span, steps, resolution, timing, isCompared, set } = choice
  return (
    <Stack gap="xs">
      <Group align="flex-end" gap="sm">
        <KeyPicker />
        <Select
          label={t.period}
          data={periods.map((value) => ({ value, label: t.periods[value] }))}
          value={period}
          onChange={(next) => next !== null && set({ period: next, step: '' })}
          allowDeselect={false}
          w={210}
        />
        {period === 'free' && (
          <>
            <TextInput
              type="date"
              label={t.from}
              value={first}
              onChange={({ currentTarget }) => set({ first: currentTarget.value })}
            />
            <TextInput
              type="date"
              label={t.to}
              value={last}
              error={span === undefined && t.badDates}
              onChange={({ currentTarget }) => set({ last: currentTarget.value })}
            />
          </>
        )}
        <Select
          label={t.resolution}
          data={steps.map((value) => ({ value, label: t.resolutions[value] }))}
          value={resolution}
          onChange={(next) => next !== null && set({ step: next })}
          allowDeselect={false}
          w={130}
        />
        <Stack gap={2}>
          <Text size="sm" fw={500} id="timing-label">
            {t.timing}
          </Text>
          <SegmentedControl
            aria-labelledby="timing-label"
            value={timing}
            onChange={(next) => set({ timing: next })}
            data={timings.map((value) => ({ value, label: t.timings[value] }))}
          />
        </Stack>
      </Group>
      <Checkbox
        label={t.compare}
        checked={isCompared}
        onChange={({ currentTarget }) => set({ compare: currentTarget.checked ? 'yes' : '' })}
      />
      <Text size="sm" c="dimmed" maw="60rem">
        {t.timingAbout[timing]} {resolution === 'day' && t.utc}
      </Text>
    </Stack>
  )
}
