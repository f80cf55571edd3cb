import { type JsonNode, JsonObject, readJsonSource } from '../text/json-source.ts'

/**
 * What npm does to a lockfile of its own accord, entry by entry. npm rewrites many old locks in any case (it adds fields, drops
 * what `fsevents` bundles, turns exact requires into ranges), so the question is whether it has more to do after a patch than before.
 */
type Entry = ReadonlyMap<string, string>
type Entries = ReadonlyMap<string, Entry>

/** What happened to an entry: `*` with `added` or `removed` for the whole of it, else a field's name and what happened to that. */
type Kind = string
type Rewrite = ReadonlyMap<string, ReadonlySet<Kind>>

export interface RewriteQuestion {
  readonly before: string
  /** What npm makes of `before`. */
  readonly beforeByNpm: string
  readonly after: string
  readonly afterByNpm: string
  readonly file: string
}

export interface RewriteAnswer {
  /** How many entries npm rewrites in the original. */
  readonly before: number
  /** What it does to the result beyond that, as `entry: what`; empty when nothing. */
  readonly beyond: readonly string[]
}

/**
 * npm may do to an entry of the result what it did to the same entry of the original. Where the patch changed an entry, or npm
 * rewrote it before, it may also do what it does elsewhere in the original: such are the habits of this npm with this lock, and a
 * new entry keeps those of its neighbours. It may not add an entry, nor remove one that is not part of a bundle.
 */
export function compareRewrites({ before, beforeByNpm, after, afterByNpm, file }: RewriteQuestion): RewriteAnswer {
  const original = readEntries(before, file)
  const result = readEntries(after, file)
  const old = rewriteOf(original, readEntries(beforeByNpm, file))
  const now = rewriteOf(result, readEntries(afterByNpm, file))
  const patched = rewriteOf(original, result)
  const habits = new Set([...old.values()].flatMap(kinds => [...kinds]))
  const unknown = unknownFlags(original)
  const copied = copiedBelow(original, old)
  const beyond: string[] = []
  for (const [path, kinds] of now) {
    const own = old.get(path)
    const touched = own !== undefined || patched.has(path)
    for (const kind of kinds) {
      const habit = touched && habits.has(kind) && (!kind.startsWith('*') || (kind === '* removed' && isBundled(result.get(path))))
      const copy = kind === '* added' && copied.some(link => path.startsWith(link))
      if (own?.has(kind) !== true && !habit && !unknown.has(kind) && !copy) beyond.push(`${path}: ${kind.replace('* ', '')}`)
    }
  }
  return { before: old.size, beyond }
}

/** Links of a version 1 tree below which npm repeats what is installed in their folder, as in a project that depends on itself. */
function copiedBelow(original: Entries, old: Rewrite): readonly string[] {
  const links = [...original].flatMap(([path, entry]) => (entry.get('version')?.startsWith('"file:') === true ? [`${path} > `] : []))
  return links.filter(link => [...old].some(([path, kinds]) => path.startsWith(link) && kinds.has('* added')))
}

/** npm 6 knew neither flag, so its locks get none, whatever becomes of an entry; a newer npm writes what it finds missing. */
function unknownFlags(original: Entries): ReadonlySet<Kind> {
  const isOld = (original.get('the file')?.get('lockfileVersion') ?? '1') === '1'
  const flags = ['peer', 'devOptional']
  if (!isOld || [...original.values()].some(entry => flags.some(flag => entry.has(flag)))) return new Set()
  return new Set(flags.map(flag => `${flag} added`))
}

function isBundled(entry: Entry | undefined): boolean {
  return entry?.get('inBundle') === 'true' || entry?.get('bundled') === 'true'
}

function rewriteOf(from: Entries, to: Entries): Rewrite {
  const rewrite = new Map<string, Set<Kind>>()
  const note = (path: string, kind: Kind) => {
    const kinds = rewrite.get(path)
    if (kinds === undefined) rewrite.set(path, new Set([kind]))
    else kinds.add(kind)
  }
  for (const [path, entry] of from) {
    const other = to.get(path)
    if (other === undefined) {
      note(path, '* removed')
      continue
    }
    for (const [field, value] of entry) {
      const now = other.get(field)
      if (now === undefined) note(path, `${field} removed`)
      else if (now !== value) note(path, `${field} changed`)
    }
    for (const field of other.keys()) if (!entry.has(field)) note(path, `${field} added`)
  }
  for (const path of to.keys()) if (!from.has(path)) note(path, '* added')
  return rewrite
}

/** Every entry of the `packages` section and of the legacy tree, whichever there are, by a path that tells the two apart. */
function readEntries(text: string, file: string): Entries {
  const entries = new Map<string, Entry>()
  const root = readJsonSource(text, { file })
  if (!(root instanceof JsonObject)) return entries
  entries.set('the file', fields(root, ['packages', 'dependencies']))
  const packages = root.get('packages')
  for (const [path, member] of packages instanceof JsonObject ? packages.byKey : []) entries.set(`"${path}"`, fields(member.value))
  const legacy = (node: JsonNode | undefined, above: string) => {
    for (const [name, { value }] of node instanceof JsonObject ? node.byKey : []) {
      const path = `${above}${name}`
      entries.set(path, fields(value, ['dependencies']))
      if (value instanceof JsonObject) legacy(value.get('dependencies'), `${path} > `)
    }
  }
  legacy(root.get('dependencies'), '')
  return entries
}

function fields(node: JsonNode, except: readonly string[] = []): Entry {
  const entry = new Map<string, string>()
  if (!(node instanceof JsonObject)) return entry
  for (const [key, { value }] of node.byKey) if (!except.includes(key)) entry.set(key, canonical(value))
  return entry
}

/** The order of keys says nothing; that of items does. */
function canonical(node: JsonNode): string {
  if (node.kind === 'array') return `[${node.items.map(canonical).join()}]`
  if (node.kind !== 'object') return JSON.stringify(node.value)
  return `{${[...node.byKey]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, { value }]) => `${JSON.stringify(key)}:${canonical(value)}`)
    .join()}}`
}
