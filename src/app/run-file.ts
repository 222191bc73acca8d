/** How commands find the server that runs on a data folder: `run.json`, readable by its owner alone. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { replaceFile } from '../runtime/write-file.ts'

export type RunFile = { pid: number; url: string; adminToken: string }

export function runFilePath(folder: string): string {
  return join(folder, 'run.json')
}

export async function writeRunFile(folder: string, content: RunFile): Promise<void> {
  await replaceFile(runFilePath(folder), { data: `${JSON.stringify(content)}\n`, mode: 0o600 })
}

export async function removeRunFile(folder: string): Promise<void> {
  await rm(runFilePath(folder), { force: true })
}
