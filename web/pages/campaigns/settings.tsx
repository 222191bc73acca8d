import { Anchor, Autocomplete, Paper, Select, SimpleGrid, Stack, Text, TextInput, Title } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { query } from '../../api/call.ts'
import type { Sender, TrackingRules } from '../../api/types.ts'
import { useRead } from '../../api/use-api.ts'
import { usePreferences, useTexts } from '../../app/preferences.tsx'
import { campaignsTexts } from '../../texts/campaigns.ts'
import { Audience } from './audience.tsx'
import type { DraftState } from './draft.ts'
import { Placeholders } from './placeholders.tsx'

const locales = ['en_US', 'fr_FR', 'de_DE', 'es_ES', 'it_IT', 'nl_NL', 'pt_PT']

/** What is said about the campaign, beside what it says itself. */
export function Settings({
  state,
  apiKey,
  campaignId,
  isReadOnly,
}: {
  state: DraftState
  apiKey: string | undefined
  campaignId: number
  isReadOnly: boolean
}) {
  const t = useTexts(campaignsTexts)
  const { language } = usePreferences()
  const { draft, setSettings } = state
  const { settings } = draft
  const field = (name: 'title' | 'subject' | 'senderName' | 'replyTo') => ({
    value: settings[name],
    readOnly: isReadOnly,
    onChange: ({ currentTarget }: { currentTarget: { value: string } }) =>
      setSettings({ [name]: currentTarget.value }),
  })
  const said = useRead<TrackingRules>(apiKey && query('/tracking', { key: apiKey })).data?.effective
  const ofKey = (isOn: boolean | undefined) =>
    t.asKey(isOn === undefined ? undefined : isOn ? t.asKeyStates.on : t.asKeyStates.off)
  const tracking = (name: 'trackOpens' | 'trackClicks') => (
    <Select
      label={t[name]}
      data={[
        { value: 'null', label: ofKey(name === 'trackOpens' ? said?.opens : said?.clicks) },
        { value: 'true', label: t.on },
        { value: 'false', label: t.off },
      ]}
      value={String(settings[name])}
      onChange={(next) => setSettings({ [name]: next === 'null' ? null : next === 'true' })}
      allowDeselect={false}
      disabled={isReadOnly}
    />
  )
  return (
    <Stack>
      <Section title={t.message}>
        <TextInput label={t.name} description={t.nameHint} maxLength={255} {...field('title')} />
        <TextInput label={t.subject} description={t.subjectHint} maxLength={998} {...field('subject')} />
        <Placeholders apiKey={apiKey} />
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <SenderField state={state} apiKey={apiKey} isReadOnly={isReadOnly} />
          <TextInput
            label={t.senderName}
            description={t.senderNameHint}
            maxLength={255}
            {...field('senderName')}
          />
          <TextInput
            label={t.replyTo}
            description={t.replyToHint}
            type="email"
            maxLength={320}
            {...field('replyTo')}
          />
          <Select
            label={t.locale}
            description={t.localeHint}
            data={[...new Set([...locales, settings.locale])].flatMap((value) =>
              value === '' ? [] : [{ value, label: nameOf(value, language) }],
            )}
            value={settings.locale}
            onChange={(next) => next !== null && setSettings({ locale: next })}
            allowDeselect={false}
            disabled={isReadOnly}
          />
        </SimpleGrid>
      </Section>
      <Section title={t.audience}>
        <Audience state={state} apiKey={apiKey} campaignId={campaignId} isReadOnly={isReadOnly} />
      </Section>
      <Section title={t.tracking} hint={t.trackingHint}>
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          {tracking('trackOpens')}
          {tracking('trackClicks')}
        </SimpleGrid>
        <Anchor component={Link} underline="always" to="/account" search size="sm">
          {t.toKeyTracking}
        </Anchor>
      </Section>
    </Stack>
  )
}

/** `fr_FR` as a person says it; as it is where it is no language. */
function nameOf(locale: string, language: string): string {
  const tag = locale.replace('_', '-')
  if (!/^[a-z]{2,3}(?:-[A-Z]{2})?$/.test(tag)) return locale
  return new Intl.DisplayNames(language, { type: 'language' }).of(tag) ?? locale
}

function Section({ title, hint, children }: { title: string; hint?: string; children: ReactNode }) {
  return (
    <Paper withBorder p="md" component="section" aria-label={title}>
      <Stack gap="sm">
        <div>
          <Title order={2}>{title}</Title>
          {hint !== undefined && (
            <Text size="sm" c="dimmed">
              {hint}
            </Text>
          )}
        </div>
        {children}
      </Stack>
    </Paper>
  )
}

/** One of the validated addresses, or any at a validated domain. */
function SenderField({
  state,
  apiKey,
  isReadOnly,
}: {
  state: DraftState
  apiKey: string | undefined
  isReadOnly: boolean
}) {
  const t = useTexts(campaignsTexts)
  const read = useRead<{ senders: Sender[] }>(apiKey && query('/senders', { key: apiKey }))
  const active = read.data?.senders.filter(({ status }) => status === 'active') ?? []
  const addresses = [...new Set(active.map(({ email }) => email.replace(/^\*@/, 'hello@')))]
  const { settings } = state.draft

  function choose(senderEmail: string): void {
    const name = active.find(({ email }) => email === senderEmail)?.name ?? ''
    const isNamed = settings.senderName !== ''
    state.setSettings({ senderEmail, ...(!isNamed && name !== '' && { senderName: name }) })
  }

  return (
    <div>
      <Autocomplete
        label={t.sender}
        description={t.senderHint}
        data={addresses}
        value={settings.senderEmail}
        onChange={choose}
        // All of them are offered, also while one is chosen.
        filter={({ options }) => options}
        maxLength={320}
        readOnly={isReadOnly}
      />
      {read.data !== undefined && active.length === 0 && (
        <Text size="sm" mt={4}>
          {t.noSenders}{' '}
          <Anchor component={Link} underline="always" to="/account/sender" search size="sm">
            {t.toSenders}
          </Anchor>
        </Text>
      )}
    </div>
  )
}
