/** An image without Debian packages: nothing in it can be patched, and what languages' tools installed can still be told. */
import type { DebInventory } from '../../../ecosystems/deb/inventory.ts'
import { type OsRelease, readOsRelease } from '../../../ecosystems/deb/os-release.ts'
import type { ImageFiles } from '../../../model/image.ts'

export interface BareInventory {
  readonly inventory: DebInventory
  /** What the image is, and that its packages are not read: a sentence. */
  readonly reason: string
}

const NO_RELEASE: OsRelease = { id: 'linux', like: [], name: 'no known distribution' }

/** Where other package managers keep their records. */
const OTHERS: readonly (readonly [manager: string, path: string])[] = [
  ['apk', 'lib/apk/db/installed'],
  ['apk', 'usr/lib/apk/db/installed'],
  ['rpm', 'var/lib/rpm'],
  ['rpm', 'usr/lib/sysimage/rpm'],
  ['pacman', 'var/lib/pacman/local'],
]

export async function bareInventory(files: ImageFiles, id: string, platform: string): Promise<BareInventory> {
  const release = await readOsRelease(files)
  const digests = await files.digests(
    [files.follow('etc/os-release'), files.follow('usr/lib/os-release')].flatMap(file => file?.path ?? []),
  )
  const manager = OTHERS.find(([, path]) => files.follow(path) !== undefined)?.[0]
  const others = manager === undefined ? '' : ` Its packages are ${manager}’s, which Suture does not read, so nothing is said about them.`
  return {
    inventory: {
      target: { kind: 'image', ecosystem: release?.id ?? NO_RELEASE.id, id },
      components: [],
      dependencies: [],
      files: [...digests].map(([path, sha256]) => ({ path, sha256 })),
      database: {
        native: '',
        foreign: [],
        packages: [],
        byKey: new Map(),
        unfinished: [],
        recorded: new Set(),
        held: new Set(),
        automatic: new Set(),
        texts: new Map(),
        diversions: [],
        statOverrides: [],
      },
      release: release ?? NO_RELEASE,
      advisoryEcosystem: undefined,
    },
    reason: `${platform} holds no Debian packages (${(release ?? NO_RELEASE).name}), so nothing in it can be patched.${others}`,
  }
}
