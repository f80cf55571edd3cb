/** A database in a temporary folder, and a server that it is updated from. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type UpdateOptions, type UpdateResult, updateAdvisories } from '../update.ts'
import { type ExportServer, type Mishap, serveExport } from './export-server.ts'

export interface Bench {
  readonly folder: string
  readonly server: ExportServer
  update(more?: Partial<UpdateOptions>): Promise<UpdateResult>
  mishap(path: string, ...mishaps: Mishap[]): void
}

export async function withBench(act: (bench: Bench) => Promise<void>): Promise<void> {
  const server = await serveExport()
  const folder = mkdtempSync(join(tmpdir(), 'suture-database-'))
  const update = (more: Partial<UpdateOptions> = {}): Promise<UpdateResult> =>
    updateAdvisories({
      folder,
      source: server.url,
      ecosystems: ['npm'],
      fetch: (url, init) => fetch(url, init),
      now: () => new Date('2026-01-01T00:00:00Z'),
      progress: () => undefined,
      sleep: () => new Promise(resolve => setTimeout(resolve, 1)),
      ...more,
    })
  try {
    await act({ folder, server, update, mishap: (path, ...mishaps) => server.mishaps.set(path, mishaps) })
  } finally {
    await server.close()
    rmSync(folder, { recursive: true })
  }
}
