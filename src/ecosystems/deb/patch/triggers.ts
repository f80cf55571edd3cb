/** Triggers: who asks for them, who is interested. Source: deb-triggers(5), dpkg's own tables under `var/lib/dpkg/triggers`. */
import type { ImageFiles } from '../../../model/image.ts'
import { DPKG } from '../read-status.ts'
import { type ChangingPackage, controlText } from './changing-package.ts'
import type { LayerBuilder } from './layer-builder.ts'

export interface Directive {
  readonly kind: 'interest' | 'activate'
  readonly name: string
  readonly await: boolean
}

/** A package's `triggers` file; lines that are no directives are passed over, as dpkg has checked them when it was built. */
export function readDirectives(text: string): Directive[] {
  return text.split('\n').flatMap(line => {
    const [, kind, manner, name = ''] = /^\s*(interest|activate)(-await|-noawait)?\s+([!-~]+)\s*$/.exec(line.replace(/#.*$/, '')) ?? []
    if (kind !== 'interest' && kind !== 'activate') return []
    return [{ kind, name, await: manner !== '-noawait' }]
  })
}

export interface Interests {
  /** Trigger → packages that want to be called. */
  readonly named: ReadonlyMap<string, readonly string[]>
  /** Path (without leading `/`) → the same, for anything at or below it. */
  readonly paths: ReadonlyMap<string, readonly string[]>
  /** The tables' texts by path, for writing. */
  readonly texts: ReadonlyMap<string, string>
}

/** Reads the image's tables. Package names may have an architecture behind `:`. */
export async function readInterests(files: ImageFiles): Promise<Interests> {
  const folder = files.follow(`${DPKG}/triggers`)?.path ?? `${DPKG}/triggers`
  const names = files.children(folder).filter(name => name !== 'Lock' && name !== 'Unincorp')
  const contents = await files.read(names.map(name => `${folder}/${name}`))
  const [named, paths, texts] = [new Map<string, string[]>(), new Map<string, string[]>(), new Map<string, string>()]
  for (const name of names) {
    const text = Buffer.from(contents.get(`${folder}/${name}`) ?? []).toString('utf8')
    texts.set(`${folder}/${name}`, text)
    for (const line of text.split('\n')) {
      if (line === '') continue
      const [path = '', owner = ''] = name === 'File' ? line.split(' ') : [name, line]
      const table = name === 'File' ? paths : named
      const key = name === 'File' ? path.replace(/^\//, '') : path
      table.set(key, [...(table.get(key) ?? []), owner.replace(/\/noawait$/, '')])
    }
  }
  return { named, paths, texts }
}

/** Names of triggers that a change asks for by its own directives or by the paths it touches. */
export function activated(change: ChangingPackage, interests: Interests, touched: Iterable<string>): Set<string> {
  const names = new Set(readDirectives(controlText(change, 'triggers')).flatMap(({ kind, name }) => (kind === 'activate' ? name : [])))
  for (const path of touched) {
    for (const interest of interests.paths.keys()) {
      if (path === interest || path.startsWith(`${interest}/`)) names.add(`/${interest}`)
    }
  }
  return names
}

/** Who wants to be called for a trigger. */
export function interested(name: string, { named, paths }: Interests): readonly string[] {
  return (name.startsWith('/') ? paths.get(name.slice(1)) : named.get(name)) ?? []
}

/** Keeps dpkg's tables in step where a package's interests change. */
export async function writeInterests(
  changes: readonly ChangingPackage[],
  before: (change: ChangingPackage) => string,
  files: ImageFiles,
  builder: LayerBuilder,
  { texts }: Interests,
): Promise<void> {
  const folder = files.follow(`${DPKG}/triggers`)?.path ?? `${DPKG}/triggers`
  const current = new Map(texts)
  for (const change of changes) {
    const owner = change.to.multiArch === 'same' ? change.key : change.to.name
    const lines = (text: string) =>
      readDirectives(text).flatMap(({ kind, name, await: waits }) => {
        if (kind !== 'interest') return []
        const who = `${owner}${waits ? '' : '/noawait'}`
        return name.startsWith('/') ? [{ file: `${folder}/File`, line: `${name} ${who}` }] : [{ file: `${folder}/${name}`, line: who }]
      })
    const [old, now] = [lines(before(change)), lines(controlText(change, 'triggers'))]
    const same = (a: { file: string; line: string }) => (b: { file: string; line: string }) => a.file === b.file && a.line === b.line
    for (const gone of old.filter(item => !now.some(same(item)))) {
      current.set(gone.file, (current.get(gone.file) ?? '').replace(`${gone.line}\n`, ''))
    }
    for (const added of now.filter(item => !old.some(same(item)))) {
      const text = current.get(added.file) ?? ''
      if (!text.split('\n').includes(added.line)) current.set(added.file, `${text}${added.line}\n`)
    }
  }
  const [first] = changes
  if (first === undefined) return
  for (const [file, text] of current) {
    if (text === texts.get(file)) continue
    const origin = { package: first.key, because: 'database' } as const
    if (text === '' && !file.endsWith('/File')) builder.hide(file, origin)
    else await builder.write(file, Buffer.from(text), { mode: 0o644, uid: 0, gid: 0, mtime: first.newest }, origin)
  }
}
