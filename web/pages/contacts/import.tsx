import { Button, FileInput, Group, Modal, Select, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import { call, query, upload } from '../../api/call.ts'
import type { ContactList } from '../../api/types.ts'
import { useChange } from '../../api/use-api.ts'
import { useTexts } from '../../app/preferences.tsx'
import { commonTexts } from '../../texts/common.ts'
import { contactsTexts } from '../../texts/contacts.ts'
import { Problem } from '../../ui/problem.tsx'
import { columnsOf, likelyName, possibleNames } from './columns.ts'

const methods = ['addnoforce', 'addforce', 'unsub', 'remove'] as const
const dateFormats = ['yyyy/mm/dd', 'dd/mm/yyyy', 'mm/dd/yyyy']

/** The file goes up as it is, of whatever size; what happens with it is a job. */
export function Import({
  list,
  apiKey,
  onClose,
}: {
  list: ContactList
  apiKey: string | undefined
  onClose: () => void
}) {
  const t = useTexts(contactsTexts)
  const common = useTexts(commonTexts)
  const [file, setFile] = useState<File | null>(null)
  const [columns, setColumns] = useState<readonly string[]>([])
  const [nameColumn, setNameColumn] = useState<string | null>(null)
  const [method, setMethod] = useState<string>('addnoforce')
  const [dateTimeFormat, setDateTimeFormat] = useState('yyyy/mm/dd')
  const start = useChange(
    async (chosen: File) => {
      const { uploadId } = await upload<{ uploadId: number }>(
        query('/contact-uploads', { key: apiKey }),
        chosen,
      )
      await call('POST', `/contact-lists/${list.id}/import`, {
        key: apiKey,
        uploadId,
        method,
        dateTimeFormat,
        ...(nameColumn !== null && { nameColumn }),
      })
      onClose()
    },
    { touches: ['contact-jobs', 'contact-lists', 'contacts'] },
  )
  const choose = async (chosen: File | null) => {
    setFile(chosen)
    const found = chosen === null ? [] : await columnsOf(chosen)
    setColumns(possibleNames(found))
    setNameColumn(likelyName(found))
  }
  return (
    <Modal
      opened
      onClose={onClose}
      title={t.importTitle(list.name)}
      closeButtonProps={{ 'aria-label': common.close }}
      centered
    >
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (file !== null) start.mutate(file)
        }}
      >
        <Stack>
          <Text size="sm">{t.importHint}</Text>
          <FileInput
            label={t.file}
            accept=".csv,text/csv,text/plain"
            required
            value={file}
            onChange={(chosen) => void choose(chosen)}
          />
          <Select
            label={t.nameColumn}
            description={t.nameColumnHint}
            placeholder={t.noNameColumn}
            data={columns}
            value={nameColumn}
            onChange={setNameColumn}
            disabled={columns.length === 0}
            clearable
          />
          <Select
            label={t.method}
            data={methods.map((value) => ({ value, label: t.methods[value] }))}
            value={method}
            onChange={(next) => setMethod(next ?? 'addnoforce')}
            allowDeselect={false}
          />
          <Select
            label={t.dateFormat}
            data={dateFormats}
            value={dateTimeFormat}
            onChange={(next) => setDateTimeFormat(next ?? 'yyyy/mm/dd')}
            allowDeselect={false}
          />
          <Problem error={start.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {common.cancel}
            </Button>
            <Button type="submit" loading={start.isPending} disabled={file === null}>
              {t.start}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
