/** The ladder beyond the lock: a raised range in a manifest, or an override scoped to the one package that holds a version back. */
import type { Edit } from '../../model/edit.ts'
import type { ChosenVersions } from '../../model/world.ts'
import { jsonStyle, setMember } from '../../text/json-edits.ts'
import { JsonObject } from '../../text/json-source.ts'
import type { Locked } from './locked.ts'
import type { Manifest } from './manifest.ts'
import { compareVersions, inRange, parseSpec } from './ranges.ts'
import type { Repository } from './repository.ts'
import type { Need, TreeNode } from './tree.ts'

export interface ManifestRevision {
  readonly kind: 'range' | 'override'
  /** Location of the manifest whose range changes (`range`), or the package whose need is overridden. */
  readonly owner: string
  readonly name: string
  readonly from: string | undefined
  /** The new range, or the exact version that the override names. */
  readonly to: string
  readonly version: string
}

/** What a bought relaxation means: the lowest chosen version beyond the range. */
export function revisionsOf(locked: Locked, choice: ChosenVersions): readonly ManifestRevision[] {
  return choice.edits.flatMap((key): ManifestRevision[] => {
    const [head = '', name = ''] = key.split('\n')
    const kind = head.startsWith('range ') ? 'range' : 'override'
    const owner = head.slice(head.indexOf(' ') + 1)
    const nodes = kind === 'range' ? [locked.tree.get(owner)] : [...locked.tree.values()].filter(node => node.packageName === owner)
    const declared = nodes.flatMap(node => node?.needs.filter(need => need.name === name) ?? [])[0]?.declared
    const spec = parseSpec(name, declared ?? '*')
    const packageName = spec.kind === 'immovable' ? name : spec.name
    const range = spec.kind === 'registry' ? spec.range : '*'
    const floor = (locked.versions.get(packageName) ?? [])[0]
    const beyond = (choice.versions.get(packageName) ?? []).filter(
      version => !inRange(version, range) && (floor === undefined || compareVersions(version, floor) > 0),
    )
    const taken = choice.takes.get(kind === 'range' ? owner : '')?.get(packageName)
    const version = taken ?? beyond[0]
    if (version === undefined) return []
    return [{ kind, owner, name, from: declared, to: kind === 'range' ? raised(declared ?? '', version) : version, version }]
  })
}

/** The same kind of range around the new version: `^1.2.0` becomes `^2.0.1`, `~1.2` becomes `~2.0.1`, `1.x` becomes `2.x`, exact stays exact. */
export function raised(declared: string, version: string): string {
  const alias = /^npm:(?:@[^/@]+\/)?[^/@]+@/.exec(declared)?.[0] ?? ''
  const range = declared.slice(alias.length).trim()
  const prefix = /^(\^|~|>=\s*)/.exec(range)?.[0]
  if (prefix !== undefined && !range.includes(' ', prefix.length) && !range.includes('||')) return `${alias}${prefix}${version}`
  if (/^\d+(\.\d+\.\d+.*)$/.test(range)) return `${alias}${version}`
  return `${alias}^${version}`
}

/** A node with its needs as the revisions make them. */
export function revise(node: TreeNode, revisions: readonly ManifestRevision[]): TreeNode {
  const own = revisions.filter(revision =>
    revision.kind === 'range' ? revision.owner === node.location : revision.owner === node.packageName && node.origin === 'registry',
  )
  if (own.length === 0) return node
  const needs = node.needs.map(need => {
    const revision = own.find(other => other.name === need.name)
    if (revision === undefined) return need
    return revision.kind === 'range' ? { ...need, declared: revision.to, range: revision.to } : { ...need, range: revision.to }
  })
  return { ...node, needs }
}

const SECTIONS = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'] as const

export interface ManifestEdit extends ManifestRevision {
  readonly file: string
  /** The section of a raised range. */
  readonly section?: (typeof SECTIONS)[number]
  readonly key: readonly string[]
}

/** Whether a range can be raised where it is written: a manifest of the project says what the lock says that it does. */
export function isRaisable(repository: Repository, location: string, need: Pick<Need, 'name' | 'declared'>): boolean {
  const manifest = manifestAt(repository, location)
  return manifest !== undefined && rangesOf(manifest, need.name).some(({ range }) => range === need.declared)
}

function manifestAt({ manifest, workspaces }: Repository, location: string): Manifest | undefined {
  return location === '' ? manifest : workspaces.get(location)
}

function rangesOf({ root }: Manifest, name: string) {
  return SECTIONS.flatMap(section => {
    const object = root.get(section)
    const value = object instanceof JsonObject ? object.get(name) : undefined
    return value?.kind === 'string' ? [{ section, range: value.value, start: value.start, end: value.end }] : []
  })
}

/** Where each revision is written: ranges in the manifest that declares them, overrides in the root's, where npm looks for them. */
export function manifestEdits(
  repository: Repository,
  revisions: readonly ManifestRevision[],
): { readonly edits: readonly Edit[]; readonly written: readonly ManifestEdit[] } {
  const written: ManifestEdit[] = []
  const edits: Edit[] = []
  for (const revision of revisions.filter(({ kind }) => kind === 'range')) {
    const manifest = manifestAt(repository, revision.owner)
    for (const { section, range, start, end } of manifest === undefined ? [] : rangesOf(manifest, revision.name)) {
      // A wider range of the same name, such as a peer's, holds nothing back.
      if (manifest === undefined || (range !== revision.from && admits(revision, range))) continue
      edits.push({ file: manifest.file, start, end, insert: JSON.stringify(revision.to) })
      written.push({ ...revision, file: manifest.file, section, key: [section, revision.name] })
    }
  }
  const overrides = revisions.filter(({ kind }) => kind === 'override')
  if (overrides.length > 0 && repository.manifest !== undefined) {
    const { root, text, file } = repository.manifest
    const style = jsonStyle(text, root)
    const before = root.get('overrides')
    const value = withOverrides(before instanceof JsonObject ? plain(before) : {}, overrides)
    edits.push(...setMember(text, root, 'overrides', value, style).map(edit => ({ file, ...edit })))
    written.push(...overrides.map(revision => ({ ...revision, file, key: ['overrides', revision.owner, revision.name] })))
  }
  return { edits, written }
}

function admits({ name, version }: ManifestRevision, range: string): boolean {
  const spec = parseSpec(name, range)
  return spec.kind === 'registry' && inRange(version, spec.range)
}

type Overrides = { [key: string]: string | Overrides }

function withOverrides(before: Overrides, revisions: readonly ManifestRevision[]): Overrides {
  const after = { ...before }
  for (const { owner, name, to } of revisions) {
    const own = after[owner]
    after[owner] = { ...(typeof own === 'string' ? { '.': own } : own), [name]: to }
  }
  return after
}

function plain(object: JsonObject): Overrides {
  const copy: Overrides = Object.create(null)
  for (const { key, value } of object.members) {
    if (value.kind === 'string') copy[key] = value.value
    else if (value instanceof JsonObject) copy[key] = plain(value)
  }
  return copy
}
