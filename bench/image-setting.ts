/** The real images that are measured: roots by mmdebstrap as the system tests make them, as OCI layouts with gzip layers. */
import { randomBytes } from 'node:crypto'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { must } from '../test/system/images/command.ts'
import { type LayoutOptions, makeLayout } from '../test/system/images/make-layout.ts'
import { machineMirror, makeRoot } from '../test/system/images/make-root.ts'
import { statusFolderRoot } from '../test/system/images/status-folder-root.ts'
import { needTools } from '../test/system/tool.ts'
import type { Image } from './image-caches.ts'

const SERVER = ['nginx', 'openssl', 'curl', 'python3', 'perl', 'postgresql-client', 'redis-server', 'ca-certificates']

/** A record that names Debian, so that the archive's changelogs need not be read, and no flaw. */
const NO_FLAW = {
  id: 'BENCH-1',
  modified: '2024-01-01T00:00:00Z',
  affected: [
    { package: { ecosystem: 'Debian:12', name: 'no-such-package' }, ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }] }] },
  ],
}

export interface ImageBench {
  readonly scratch: string
  /** `minbase`, `server` or `distroless`: its archive. */
  archive(name: string): string
  /** The same, unpacked. */
  root(name: string): string
  /** A layout of archives, or of the named root alone. */
  image(name: string, archives?: readonly string[], options?: LayoutOptions): Image
  close(): void
}

export function openImageBench(): ImageBench {
  needTools({ podman: 'podman', runc: 'runc', mmdebstrap: 'mmdebstrap', tar: 'tar' })
  // podman takes the folder of a layout for a name, and names are small; its own folders must have short paths.
  const scratch = join(tmpdir(), `suture-bench-${randomBytes(4).toString('hex')}`)
  mkdirSync(scratch, { mode: 0o700 })
  const advisories = join(scratch, 'advisories.ndjson')
  writeFileSync(advisories, `${JSON.stringify(NO_FLAW)}\n`)
  const mirror = machineMirror()
  const real = (name: string, packages: readonly string[]) =>
    makeRoot(process.env['SUTURE_TEST_ROOTS'] ?? join(scratch, 'roots'), mirror, { name, packages })
  const makers: Readonly<Record<string, () => string>> = {
    minbase: () => real('minbase', ['ca-certificates']),
    server: () => real('server', SERVER),
    distroless: () => statusFolderRoot(archive('minbase'), scratch),
  }
  const archives = new Map<string, string>()
  const archive = (name: string): string => {
    const made = archives.get(name) ?? makers[name]?.()
    if (made === undefined) throw new Error(`there is no root ${name}`)
    archives.set(name, made)
    return made
  }
  const roots = new Map<string, string>()
  return {
    scratch,
    archive,
    root(name) {
      const known = roots.get(name)
      if (known !== undefined) return known
      const folder = join(scratch, 'unpacked', name)
      mkdirSync(folder, { recursive: true })
      must('tar', ['--extract', '--file', archive(name), '--directory', folder, '--numeric-owner', '--preserve-permissions'])
      roots.set(name, folder)
      return folder
    },
    image(name, tars = [archive(name)], options = {}) {
      const work = join(scratch, 'work', name)
      mkdirSync(work, { recursive: true })
      const folder = join(scratch, 'images', name)
      makeLayout(folder, tars, options)
      return { folder, work, home: join(work, 'home'), advisories }
    },
    close: () => rmSync(scratch, { recursive: true, force: true }),
  }
}
