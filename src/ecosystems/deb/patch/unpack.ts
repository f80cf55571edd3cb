/**
 * What unpacking a package changes in the image: only what differs by type, content or target. A folder that is there stays as it is,
 * also where it is a link to one; mode and owner of what is there stay the image's, so what an administrator or a script once set holds.
 */
import { createHash } from 'node:crypto'
import type { Sha256 } from '../../../model/digest.ts'
import type { EntryFacts, ImageFiles } from '../../../model/image.ts'
import type { DebFile } from '../archive-file/read-deb.ts'
import type { StatOverride } from '../dpkg-files.ts'
import type { Accounts } from './accounts.ts'
import { type ChangingPackage, withContents } from './changing-package.ts'
import { keptFacts, type LayerBuilder, sha256 } from './layer-builder.ts'

export interface Unpacking {
  readonly files: ImageFiles
  readonly builder: LayerBuilder
  readonly accounts: Accounts
  readonly statOverrides: readonly StatOverride[]
  /** Digests of what is in the image at the places of the packages' files. */
  readonly digests: ReadonlyMap<string, Sha256>
}

/** Why a package cannot be unpacked as it stands. */
export type Obstacle = string

/** What stands in the way of a package, before anything of it is put anywhere. */
export function obstaclesOf(change: ChangingPackage, unpacking: Unpacking): Obstacle[] {
  return change.archive.files.flatMap(file => {
    const place = change.places.get(file.path)
    return place === undefined ? [] : (obstacleAt(file, place, unpacking) ?? [])
  })
}

/** Puts a package's files, conffiles aside, into the layer. */
export function unpack(change: ChangingPackage, unpacking: Unpacking): void {
  const origin = { package: change.key, because: 'content' } as const
  const { builder } = unpacking
  for (const { file, content, first } of withContents(change.archive)) {
    const place = change.places.get(file.path)
    if (place === undefined || change.conffiles.has(file.path) || !differs(file, place, content, unpacking)) continue
    const facts = factsOf(file, place, unpacking)
    if (file.type === 'directory') builder.put({ path: place, kind: 'directory', ...facts }, origin)
    else if (file.type === 'symlink') builder.put({ path: place, kind: 'symlink', target: file.target ?? '', ...facts }, origin)
    else {
      const target = file.type === 'hardlink' ? change.places.get(first) : undefined
      const same = target === undefined ? undefined : builder.get(target)
      // Names of one file share its mode and owner; a name of its own is written where the other did not change.
      if (target !== undefined && same?.kind === 'file') {
        const { mode, uid, gid, mtime, xattrs } = same
        builder.put({ path: place, kind: 'hardlink', target, mode, uid, gid, mtime, ...(xattrs && { xattrs }) }, origin)
      } else builder.put({ path: place, kind: 'file', content, ...facts }, origin)
    }
  }
}

function obstacleAt({ path, type }: DebFile, place: string, { files }: Unpacking): Obstacle | undefined {
  const parent = place.slice(0, Math.max(0, place.lastIndexOf('/')))
  const above = parent === '' ? undefined : files.get(parent)
  if (above !== undefined && above.type !== 'directory') return `/${path} would lie below /${parent}, which is no folder in the image`
  const now = files.get(place)
  if (type === 'directory') {
    const there = now?.type === 'symlink' ? files.follow(place) : now
    return now === undefined || there?.type === 'directory' ? undefined : `/${path} is a folder in the package and none in the image`
  }
  return now?.type === 'directory' && type !== 'symlink' ? `/${path} is a folder in the image and a file in the package` : undefined
}

function differs({ type, target }: DebFile, place: string, content: Uint8Array, { files, digests }: Unpacking): boolean {
  const now = files.get(place)
  if (now === undefined) return true
  if (type === 'directory') return false
  // dpkg never puts a link where a folder is.
  if (type === 'symlink') return now.type !== 'directory' && !(now.type === 'symlink' && now.target === target)
  return now.type !== 'file' || now.size !== content.length || digests.get(place) !== sha256(content)
}

/** Mode and owner: the image's where the same kind of thing is there, else what was overridden, else the archive's. */
export function factsOf(file: DebFile, place: string, { files, accounts, statOverrides }: Unpacking): EntryFacts {
  const now = files.get(place)
  if (now?.type === (file.type === 'hardlink' ? 'file' : file.type)) return keptFacts(now, file.mtime)
  const override = statOverrides.find(({ path }) => path === file.path)
  const capability = file.xattrs?.['security.capability']
  return {
    mode: override?.mode ?? file.mode,
    uid: override === undefined ? (accounts.user(file.userName) ?? file.uid) : ownerOf(override.user, name => accounts.user(name)),
    gid: override === undefined ? (accounts.group(file.groupName) ?? file.gid) : ownerOf(override.group, name => accounts.group(name)),
    mtime: file.mtime,
    ...(capability !== undefined && { xattrs: { 'security.capability': capability } }),
  }
}

/** A name, or a number after `#`; root where the image has no such name. */
function ownerOf(written: string, number: (name: string) => number | undefined): number {
  return (/^#\d{1,10}$/.test(written) ? Number(written.slice(1)) : number(written)) ?? 0
}

export function md5(content: Uint8Array): string {
  return createHash('md5').update(content).digest('hex')
}
