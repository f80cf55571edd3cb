/** What all of these tests share: tools, a registry, podman, real roots made once. */
import { randomBytes } from 'node:crypto'
import { mkdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { needTools } from '../tool.ts'
import { openContainers } from './containers.ts'
import { machineMirror, makeRoot, type RootOptions } from './make-root.ts'
import type { Setting } from './patched.ts'
import { startRegistry } from './registry.ts'

const TOOLS = {
  podman: 'podman',
  runc: 'runc',
  mmdebstrap: 'mmdebstrap',
  'docker-registry': 'docker-registry',
  gpg: 'gpg',
  ar: 'binutils',
  getcap: 'libcap2-bin',
}

/** Roots are made once for all tests of a process. Where a person runs these tests again and again, they can be kept. */
const ROOTS = process.env['SUTURE_TEST_ROOTS'] ?? join(tmpdir(), `suture-real-roots-${randomBytes(6).toString('hex')}`)
if (process.env['SUTURE_TEST_ROOTS'] === undefined) process.once('exit', () => rmSync(ROOTS, { recursive: true, force: true }))

export interface ImageSetting extends Setting {
  /** The tar archive of a real root. */
  root(options: RootOptions): string
  close(): void
}

export async function openSetting(): Promise<ImageSetting> {
  needTools(TOOLS)
  // podman takes the folder of a layout for a name, and names are small.
  const scratch = join(tmpdir(), `suture-real-images-${randomBytes(6).toString('hex')}`)
  mkdirSync(scratch, { mode: 0o700 })
  const mirror = machineMirror()
  const registry = await startRegistry(join(scratch, 'registry'))
  const containers = openContainers(scratch)
  return {
    scratch,
    registry: registry.host,
    containers,
    root: options => makeRoot(ROOTS, mirror, options),
    close() {
      registry.close()
      containers.close()
      rmSync(scratch, { recursive: true, force: true })
    },
  }
}
