import { randomUUID } from 'node:crypto'
import { link, mkdir, open, rename, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'

type Contents = { data: string | Uint8Array; mode: number }

/** Replaces the file, or makes it: a reader, or a power cut, sees the old contents or the new, never half. */
export async function replaceFile(path: string, contents: Contents): Promise<void> {
  const temporary = await writeBeside(path, contents)
  try {
    await rename(temporary, path)
  } catch (error) {
    await unlink(temporary)
    throw error
  }
  await syncFolder(dirname(path))
}

/** Makes the file unless there is one; says whether it did. Of several processes at once, one wins. */
export async function createFile(path: string, contents: Contents): Promise<boolean> {
  const temporary = await writeBeside(path, contents)
  try {
    await link(temporary, path)
  } catch (error) {
    if (isErrorCode(error, 'EEXIST')) return false
    throw error
  } finally {
    await unlink(temporary)
  }
  await syncFolder(dirname(path))
  return true
}

export function isErrorCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

async function writeBeside(path: string, { data, mode }: Contents): Promise<string> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const temporary = `${path}.${randomUUID()}.new`
  const file = await open(temporary, 'wx', mode)
  try {
    await file.writeFile(data)
    await file.sync()
  } finally {
    await file.close()
  }
  return temporary
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
