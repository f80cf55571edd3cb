/**
 * What the layer on top of an image holds, from its bytes and the root below it alone. Independent of `src/`, so that it judges layers
 * of any tool the same way.
 */
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { must } from '../test/system/images/command.ts'

export interface LayerFacts {
  /** As it is stored. */
  readonly bytes: number
  /** Everything but folders. */
  readonly files: number
  /** Files that the root below has with the same bytes, mode and owner. */
  readonly identical: number
  /** The files that are not identical, in a bare archive, as small as gzip makes it. */
  readonly floor: number
  /** Names of packages whose version differs. */
  readonly moved: readonly string[]
  /** Of the moved ones, those that exact versions tie to `package`. */
  readonly forced: readonly string[]
}

interface Manifest {
  readonly layers: readonly { readonly digest: string }[]
}

const blob = (layout: string, digest: string): Buffer => readFileSync(join(layout, 'blobs', digest.replace(':', '/')))

/** `root`: the folder that holds the unpacked image below; `asked`: the package that was to move; `scratch`: a folder not made yet. */
export function judgeLayer(layout: string, tag: string, root: string, scratch: string, asked: string): LayerFacts {
  const index: { manifests: { digest: string; annotations?: Record<string, string> }[] } = JSON.parse(
    readFileSync(join(layout, 'index.json'), 'utf8'),
  )
  const { digest = '' } = index.manifests.find(({ annotations }) => annotations?.['org.opencontainers.image.ref.name'] === tag) ?? {}
  const manifest: Manifest = JSON.parse(blob(layout, digest).toString())
  const stored = blob(layout, manifest.layers.at(-1)?.digest ?? '')
  const layer = join(scratch, 'layer')
  mkdirSync(layer, { recursive: true })
  const archive = join(scratch, 'layer.tar')
  writeFileSync(archive, gunzipSync(stored))
  must('tar', ['--extract', '--file', archive, '--directory', layer, '--numeric-owner', '--preserve-permissions'])
  const files = readdirSync(layer, { recursive: true, encoding: 'utf8' })
    .filter(path => !lstatSync(join(layer, path)).isDirectory())
    .sort()
  const changed = files.filter(path => !isSame(join(layer, path), join(root, path)))
  const [before, after] = [stanzas(root), stanzas(layer)]
  const moved = [...after].flatMap(([name, text]) => (versionOf(text) === versionOf(before.get(name)) ? [] : [name])).sort()
  return {
    bytes: stored.length,
    files: files.length,
    identical: files.length - changed.length,
    floor: floor(layer, changed, scratch),
    moved,
    forced: tiedTo(asked, moved, before, after),
  }
}

function isSame(path: string, other: string): boolean {
  const [a, b] = [lstatSync(path), lstatSync(other, { throwIfNoEntry: false })]
  if (b === undefined || a.mode !== b.mode || a.uid !== b.uid || a.gid !== b.gid) return false
  if (a.isSymbolicLink()) return readlinkSync(path) === readlinkSync(other)
  return a.isFile() && a.size === b.size && readFileSync(path).equals(readFileSync(other))
}

function floor(layer: string, changed: readonly string[], scratch: string): number {
  const [list, archive] = [join(scratch, 'changed'), join(scratch, 'floor.tar')]
  writeFileSync(list, changed.map(path => `${path}\n`).join(''))
  const bare = ['--format=gnu', '--no-recursion', '--numeric-owner', '--mtime=@0', '--blocking-factor=1']
  must('tar', ['--create', '--file', archive, '--directory', layer, ...bare, '--verbatim-files-from', '--files-from', list])
  return gzipSync(readFileSync(archive), { level: 9 }).length
}

/** Name → what the package database says of it. */
function stanzas(folder: string): ReadonlyMap<string, string> {
  const [whole, parts] = [join(folder, 'var/lib/dpkg/status'), join(folder, 'var/lib/dpkg/status.d')]
  const single = existsSync(parts) ? readdirSync(parts).filter(name => !name.endsWith('.md5sums')) : []
  const texts = [
    ...(existsSync(whole) ? readFileSync(whole, 'utf8').split('\n\n') : []),
    ...single.map(name => readFileSync(join(parts, name), 'utf8')),
  ]
  return new Map(texts.flatMap(text => (fieldOf(text, 'Package') === '' ? [] : [[fieldOf(text, 'Package'), text] as const])))
}

const fieldOf = (text: string, field: string): string => new RegExp(`^${field}: (.*)$`, 'm').exec(text)?.[1] ?? ''
const versionOf = (text = ''): string => fieldOf(text, 'Version')

/** Whom a package needs in exactly one version. */
const exact = (text = ''): string[] =>
  [...`${fieldOf(text, 'Pre-Depends')}, ${fieldOf(text, 'Depends')}`.matchAll(/([a-z0-9][a-z0-9.+-]*)(?::\w+)? \(= [^)]+\)/g)].map(
    ([, name = '']) => name,
  )

/** The closure over exact needs, in both directions, of what was and of what is. */
function tiedTo(
  asked: string,
  moved: readonly string[],
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): string[] {
  const needs = (name: string): string[] => [...exact(before.get(name)), ...exact(after.get(name))]
  const tied = new Set([asked])
  for (let size = 0; size !== tied.size; ) {
    size = tied.size
    for (const name of moved)
      if (!tied.has(name) && (needs(name).some(need => tied.has(need)) || [...tied].some(other => needs(other).includes(name))))
        tied.add(name)
  }
  return [...tied].filter(name => moved.includes(name)).sort()
}
