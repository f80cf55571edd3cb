import type { PackageFacts, VersionFacts } from '../../../model/catalogue.ts'
import { plainRecord } from './json-values.ts'
import type { Ranges } from './read-version.ts'

/**
 * The form in which facts lie in the cache and are digested for receipts: one line of JSON.
 *
 * Most versions of a package need exactly what the version before needed, so every distinct list is written once, in
 * a table, and versions name it by its index (-1 for none). Long and many strings (integrities, times) are one joined
 * string, which a JSON parser copies at memory speed and which is cut without copying when it is read.
 */
interface Packed {
  readonly format: 1
  readonly name: string
  readonly tags: readonly (readonly [string, string])[]
  /** Flat: name, range, name, range, … */
  readonly ranges: readonly (readonly string[])[]
  readonly lists: readonly (readonly string[])[]
  readonly texts: readonly string[]
  readonly versions: string
  readonly dependencies: readonly number[]
  readonly optional: readonly number[]
  readonly peers: readonly number[]
  readonly optionalPeers: readonly number[]
  readonly bundled: readonly number[]
  readonly node: readonly number[]
  readonly flags: readonly number[]
  readonly integrity: string
  readonly published: string
}

const DEPRECATED = 1
const INSTALL_SCRIPT = 2
const SHRINKWRAP = 4
const BUNDLES_ALL = 8

class Table<Value> {
  readonly values: Value[] = []
  readonly #indexes = new Map<string, number>()

  indexOf(value: Value | undefined): number {
    if (value === undefined) return -1
    const key = JSON.stringify(value)
    const known = this.#indexes.get(key)
    if (known !== undefined) return known
    this.#indexes.set(key, this.values.push(value) - 1)
    return this.values.length - 1
  }
}

export function packFacts(facts: PackageFacts): Buffer {
  const ranges = new Table<readonly string[]>()
  const lists = new Table<readonly string[]>()
  const texts = new Table<string>()
  const each = <Value>(read: (version: VersionFacts) => Value) => facts.versions.map(read)
  const flat = (record: Ranges | undefined) => record && Object.entries(record).flat()
  const packed: Packed = {
    format: 1,
    name: facts.name,
    tags: Object.entries(facts.tags),
    versions: each(version => version.version).join('\n'),
    dependencies: trimmed(each(version => ranges.indexOf(flat(version.dependencies)))),
    optional: trimmed(each(version => ranges.indexOf(flat(version.optionalDependencies)))),
    peers: trimmed(each(version => ranges.indexOf(flat(version.peerDependencies)))),
    optionalPeers: trimmed(each(version => lists.indexOf(version.optionalPeers))),
    bundled: trimmed(each(version => lists.indexOf(version.bundled === true ? undefined : version.bundled))),
    node: trimmed(each(version => texts.indexOf(version.node))),
    flags: each(
      version =>
        (version.deprecated ? DEPRECATED : 0) +
        (version.hasInstallScript ? INSTALL_SCRIPT : 0) +
        (version.hasShrinkwrap ? SHRINKWRAP : 0) +
        (version.bundled === true ? BUNDLES_ALL : 0),
    ),
    integrity: each(version => version.integrity ?? '').join('\n'),
    published: each(version => version.published ?? '').join('\n'),
    ranges: ranges.values,
    lists: lists.values,
    texts: texts.values,
  }
  return Buffer.from(JSON.stringify(packed))
}

/** Reads back what `packFacts` wrote; the caller has checked its digest. Equal lists become one shared object. */
export function unpackFacts(bytes: Buffer): PackageFacts {
  const packed: Packed = JSON.parse(bytes.toString())
  const ranges = packed.ranges.map(readFlat)
  const versions = packed.versions === '' ? [] : packed.versions.split('\n')
  const integrity = packed.integrity.split('\n')
  const published = packed.published.split('\n')
  const facts = versions.map((version, index): VersionFacts => {
    const dependencies = ranges[packed.dependencies[index] ?? -1]
    const optionalDependencies = ranges[packed.optional[index] ?? -1]
    const peerDependencies = ranges[packed.peers[index] ?? -1]
    const optionalPeers = packed.lists[packed.optionalPeers[index] ?? -1]
    const flags = packed.flags[index] ?? 0
    const bundled = flags & BUNDLES_ALL ? true : packed.lists[packed.bundled[index] ?? -1]
    const node = packed.texts[packed.node[index] ?? -1]
    const made: { -readonly [Key in keyof VersionFacts]: VersionFacts[Key] } = { version }
    if (dependencies !== undefined) made.dependencies = dependencies
    if (optionalDependencies !== undefined) made.optionalDependencies = optionalDependencies
    if (peerDependencies !== undefined) made.peerDependencies = peerDependencies
    if (optionalPeers !== undefined) made.optionalPeers = optionalPeers
    if (bundled !== undefined) made.bundled = bundled
    if (node !== undefined) made.node = node
    if (flags & DEPRECATED) made.deprecated = true
    if (flags & INSTALL_SCRIPT) made.hasInstallScript = true
    if (flags & SHRINKWRAP) made.hasShrinkwrap = true
    if (integrity[index]) made.integrity = integrity[index]
    if (published[index]) made.published = published[index]
    return made
  })
  return { name: packed.name, versions: facts, tags: plainRecord(packed.tags) }
}

/** A column that says nothing about the last versions needs not say so. */
function trimmed(column: readonly number[]): readonly number[] {
  return column.slice(0, column.findLastIndex(index => index !== -1) + 1)
}

function readFlat(flat: readonly string[]): Ranges {
  const entries: [string, string][] = []
  for (let index = 0; index < flat.length; index += 2) entries.push([flat[index] ?? '', flat[index + 1] ?? ''])
  return plainRecord(entries)
}
