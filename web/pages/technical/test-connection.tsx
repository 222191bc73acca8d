import { Accordion, Alert, Button, Code, Group, List, Loader, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import { request } from '../../api/call.ts'
import type { ConnectionTest, TestStep } from '../../api/types.ts'
import { useTexts } from '../../app/preferences.tsx'
import { serversTexts } from '../../texts/servers.ts'
import { CheckIcon, CrossIcon } from '../../ui/icons.tsx'
import { Problem } from '../../ui/problem.tsx'

type Progress = { steps: TestStep[]; test?: ConnectionTest; error?: Error; isRunning: boolean }

/** Shows each step of the test as it happens. `body`: what the form holds now. */
export function TestConnection({ body, disabled }: { body: () => object; disabled: boolean }) {
  const t = useTexts(serversTexts)
  const [progress, setProgress] = useState<Progress>()

  async function run(): Promise<void> {
    setProgress({ steps: [], isRunning: true })
    try {
      for await (const line of readLines(
        await request('POST', '/outgoing-servers/test', { body: body(), accept: ndjson }),
      )) {
        const told = JSON.parse(line) as { step?: TestStep; test?: ConnectionTest }
        setProgress((before) => ({
          steps: [...(before?.steps ?? []), ...(told.step === undefined ? [] : [told.step])],
          ...(told.test !== undefined && { test: told.test }),
          isRunning: told.test === undefined,
        }))
      }
    } catch (error) {
      setProgress({
        steps: [],
        isRunning: false,
        error: error instanceof Error ? error : new Error(String(error)),
      })
    }
  }

  return (
    <Stack gap="sm">
      <Group>
        <Button
          variant="default"
          onClick={() => void run()}
          loading={progress?.isRunning ?? false}
          disabled={disabled}
        >
          {t.test}
        </Button>
        <Text size="sm" c="dimmed">
          {t.testHint}
        </Text>
      </Group>
      <Problem error={progress?.error} />
      {progress !== undefined && progress.error === undefined && (
        <Stack gap="sm" role="status" aria-live="polite">
          <Steps {...progress} />
          {progress.test !== undefined && <Result test={progress.test} />}
        </Stack>
      )}
    </Stack>
  )
}

const ndjson = 'application/x-ndjson'

async function* readLines(response: Response): AsyncGenerator<string> {
  if (response.body === null) return
  let rest = ''
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    yield* lines.filter((line) => line !== '')
  }
  if (rest !== '') yield rest
}

function Steps({ steps, test }: Progress) {
  const t = useTexts(serversTexts)
  const shown = steps.filter((step, index) => steps.indexOf(step) === index)
  const failedAt = test !== undefined && !test.ok ? test.step : undefined
  return (
    <List listStyleType="none" spacing={4}>
      {shown.map((step) => {
        const isLast = step === steps.at(-1)
        const state = step === failedAt ? 'failed' : isLast && test === undefined ? 'now' : 'ok'
        return (
          <List.Item key={step} icon={iconOf[state]}>
            {t.steps[step]}{' '}
            <Text span size="sm" c="dimmed">
              {state === 'ok' ? t.stepOk : state === 'failed' ? t.stepFailed : t.stepNow}
            </Text>
          </List.Item>
        )
      })}
    </List>
  )
}

const iconOf = {
  ok: (
    <Text span c="teal">
      <CheckIcon size={16} />
    </Text>
  ),
  failed: (
    <Text span c="red">
      <CrossIcon size={16} />
    </Text>
  ),
  now: <Loader size={14} aria-hidden />,
}

function Result({ test }: { test: ConnectionTest }) {
  const t = useTexts(serversTexts)
  const certificate = test.tls?.certificate
  return (
    <>
      <Alert color={test.ok ? 'teal' : 'red'} title={test.message}>
        {test.hint !== '' && <Text size="sm">{test.hint}</Text>}
        <Text size="sm" className="breaks-anywhere">
          {[
            test.sender === null ? '' : t.testedWith(test.sender),
            test.tls === null ? '' : `${t.tlsFacts(test.tls.version, test.tls.cipher)}.`,
            certificate == null
              ? ''
              : `${t.certificateOf(certificate.subject)} (${certificate.verified ? t.verified : t.notVerified}).`,
            test.sizeLimit === undefined ? '' : t.sizeLimit(Math.round(test.sizeLimit / 1024 / 1024)),
          ]
            .filter((words) => words !== '')
            .join(' ')}
        </Text>
      </Alert>
      {test.transcript !== '' && (
        <Accordion variant="contained">
          <Accordion.Item value="transcript">
            <Accordion.Control>{t.transcript}</Accordion.Control>
            <Accordion.Panel>
              <Code block className="transcript">
                {test.transcript}
              </Code>
            </Accordion.Panel>
          </Accordion.Item>
        </Accordion>
      )}
    </>
  )
}
