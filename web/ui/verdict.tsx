import { Badge } from '@mantine/core'
import { CheckIcon, CrossIcon, WarnIcon } from './icons.tsx'

/** What a receiver found: `DKIM pass`. The word says it, the colour only helps. */
export function Verdict({ name, result }: { name: string; result: string }) {
  const isGood = result === 'pass'
  const isBad = result === 'fail' || result === 'permerror'
  const Icon = isGood ? CheckIcon : isBad ? CrossIcon : WarnIcon
  return (
    <Badge
      variant="light"
      color={isGood ? 'teal' : isBad ? 'red' : 'yellow'}
      leftSection={<Icon size={12} />}
      tt="none"
      autoContrast
    >
      {name} {result}
    </Badge>
  )
}
