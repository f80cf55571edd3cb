/**
 * Conffiles that a package's scripts give up or rename with `dpkg-maintscript-helper`. One that nobody changed goes; a changed one is
 * kept, as `.dpkg-bak` or under its new name with the package's own beside it. Source: dpkg-maintscript-helper(1). A file that the
 * package does not own is left alone.
 */
import type { ChangingPackage } from './changing-package.ts'
import { keptFacts } from './layer-builder.ts'
import type { FileChange } from './scripts/effects.ts'
import { md5, type Unpacking } from './unpack.ts'

export type GivenUp = FileChange & { readonly kind: 'conffile' }

type Ground = Pick<Unpacking, 'files' | 'builder'> & { readonly contents: ReadonlyMap<string, Uint8Array> }

export function conffilesGivenUp(change: ChangingPackage, changes: readonly FileChange[] = []): readonly GivenUp[] {
  const owned = new Set(change.listed)
  return changes.flatMap(item => (item.kind === 'conffile' && owned.has(item.path) ? item : []))
}

/** Why they cannot be given up here. */
export function conffileObstacles(
  change: ChangingPackage,
  given: readonly GivenUp[],
  { files, contents }: Omit<Ground, 'builder'>,
): string[] {
  return given.flatMap(({ path, action, to, package: owner }) => {
    if (owner !== change.to.name) return `/${path} is given up for another package`
    const place = files.canonical(path) ?? path
    if (files.get(place)?.type !== 'file' || !contents.has(place)) return `/${path} is given up, and no configuration file`
    if (action === 'rm' || to === undefined || !wasChanged(change, path, { files, contents })) return []
    return files.get(files.canonical(to) ?? to) === undefined ? [] : `/${path} was changed in the image, and would take the place of /${to}`
  })
}

/** Before conffiles are settled: what goes away. Gives sentences about what was kept. */
export function giveUp(change: ChangingPackage, given: readonly GivenUp[], ground: Ground): string[] {
  const { files, builder, contents } = ground
  const origin = { package: change.key, because: 'removed' } as const
  return given.flatMap(({ path, action }) => {
    const place = files.canonical(path) ?? path
    const [now, content] = [files.get(place), contents.get(place)]
    const changed = wasChanged(change, path, ground)
    if (changed && action === 'mv') return []
    builder.hide(place, origin)
    if (!changed || now === undefined || content === undefined) return []
    builder.put({ path: `${place}.dpkg-bak`, kind: 'file', content, ...keptFacts(now, now.mtime) }, origin)
    return `/${path} was changed in the image and is kept as /${path}.dpkg-bak; the package gives it up`
  })
}

/** After conffiles are settled: changed ones take their new names. */
export function rename(change: ChangingPackage, given: readonly GivenUp[], ground: Ground): string[] {
  const { files, builder, contents } = ground
  const origin = { package: change.key, because: 'content' } as const
  return given.flatMap(({ path, action, to }) => {
    const place = files.canonical(path) ?? path
    const [now, content] = [files.get(place), contents.get(place)]
    if (action !== 'mv' || to === undefined || now === undefined || content === undefined || !wasChanged(change, path, ground)) return []
    const target = files.canonical(to) ?? to
    const own = builder.get(target)
    if (own?.kind === 'file') builder.put({ ...own, path: `${target}.dpkg-new` }, origin)
    builder.hide(place, origin)
    builder.put({ path: target, kind: 'file', content, ...keptFacts(now, now.mtime) }, origin)
    return `/${path} was changed in the image and is kept as /${to}; the package's own is beside it as .dpkg-new`
  })
}

function wasChanged(change: ChangingPackage, path: string, { files, contents }: Omit<Ground, 'builder'>): boolean {
  const recorded = change.from?.conffiles.find(conffile => conffile.path === `/${path}`)?.md5
  const content = contents.get(files.canonical(path) ?? path)
  return content === undefined || md5(content) !== recorded
}
