/** A synthetic project in a folder of its own, with its registry on loopback for as long as it is used. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startRegistry } from '../test/registry/server.ts'
import { type Synthetic, type SyntheticSize, synthesise, writeSynthetic } from './synthetic.ts'

export interface SyntheticProject {
  readonly made: Synthetic
  readonly folder: string
  /** Suture's cache. */
  readonly home: string
  /** Puts the lock back as it was. */
  reset(): void
  /** Requests since the last time. */
  requests(): number
}

export const ADVISORIES = 'advisories.ndjson'

export async function withSynthetic<T>(size: SyntheticSize, use: (project: SyntheticProject) => Promise<T>): Promise<T> {
  const made = synthesise(size)
  const root = mkdtempSync(join(tmpdir(), 'suture-bench-synthetic-'))
  await using registry = await startRegistry({ packages: made.packages })
  const folder = join(root, 'project')
  let seen = 0
  const reset = (): void => {
    writeSynthetic(folder, made)
    writeFileSync(join(folder, '.npmrc'), `registry=${registry.url}\n`)
  }
  const requests = (): number => {
    const since = registry.requests.length - seen
    seen = registry.requests.length
    return since
  }
  try {
    reset()
    return await use({ made, folder, home: join(root, 'home'), reset, requests })
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}
