/** A package's files under `var/lib/dpkg/info`, or the digests beside its record in `status.d`, as dpkg leaves them after an upgrade. */
import type { ImageFiles } from '../../../model/image.ts'
import { DPKG } from '../read-status.ts'
import { type ChangingPackage, controlText } from './changing-package.ts'
import type { LayerBuilder } from './layer-builder.ts'

const FACTS = { mode: 0o644, uid: 0, gid: 0 }

/** `obsolete` are conffiles that stay in the list (without leading `/`). */
export async function writeInfo(
  change: ChangingPackage,
  obsolete: readonly string[],
  { files, builder }: { readonly files: ImageFiles; readonly builder: LayerBuilder },
): Promise<void> {
  const origin = { package: change.key, because: 'database' } as const
  const folder = files.follow(`${DPKG}/info`)?.path ?? `${DPKG}/info`
  const { to, from, archive, newest } = change
  const stem = to.multiArch === 'same' ? change.key : to.name
  const written = new Set<string>()
  const write = async (kind: string, content: Uint8Array, mode: number, mtime: number): Promise<void> => {
    written.add(`${stem}.${kind}`)
    await builder.write(`${folder}/${stem}.${kind}`, content, { ...FACTS, mode, mtime }, origin)
  }
  for (const [kind, { content, mode, mtime }] of archive.controlFiles) await write(kind, content, mode & 0o777, Math.max(0, mtime))
  await write('list', Buffer.from(fileList(change, obsolete)), 0o644, newest)
  // What the version before had: under its own stem, which another Multi-Arch would make a different one.
  const stems = from === undefined ? [] : [from.name, `${from.name}:${from.architecture}`]
  for (const name of files.children(folder)) {
    const dot = name.lastIndexOf('.')
    if (!stems.includes(name.slice(0, dot)) || written.has(name)) continue
    if (name.slice(0, dot) !== stem && from?.multiArch === to.multiArch) continue
    builder.hide(`${folder}/${name}`, origin)
  }
}

/** Every path of the archive in its order, the root as `/.`; links behind, because dpkg makes them last; then obsolete conffiles. */
function fileList({ archive }: ChangingPackage, obsolete: readonly string[]): string {
  const links = archive.files.filter(({ type }) => type === 'symlink')
  const others = archive.files.filter(({ type }) => type !== 'symlink')
  const paths = [...[...others, ...links].map(({ path }) => (path === '' ? '/.' : `/${path}`)), ...obsolete.map(path => `/${path}`)]
  return paths.length === 0 ? '' : `${paths.join('\n')}\n`
}

/** `status.d`: only the digests are kept, beside the record. */
export async function writeDigests(change: ChangingPackage, record: string, builder: LayerBuilder): Promise<void> {
  const content = Buffer.from(controlText(change, 'md5sums'))
  await builder.write(`${record}.md5sums`, content, { ...FACTS, mtime: change.newest }, { package: change.key, because: 'database' })
}
