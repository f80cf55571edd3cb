import type { PackageFacts, VersionFacts } from '../../../model/catalogue.ts'
import { plainRecord } from './json-values.ts'
import type { Ranges } from './ranges.ts'

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
  /** `name range`, one a line: versions that need different lists still share most of their lines. */
  readonly needs: string
  /** Lists of indexes into `needs`. */
  readonly ranges: readonly (readonly number[])[]
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
    const key = typeof value === 'string' ? value : JSON.stringify(value)
    const known = this.#indexes.get(key)
    if (known !== undefined) return known
    this.#indexes.set(key, this.values.push(value) - 1)
    return this.values.length - 1
  }
}

/** What versions need: a list that several versions share as one object is looked at once. */
class Needs {
  readonly lines = new Table<string>()
  readonly lists = new Table<readonly number[]>()
  readonly #indexes = new Map<Ranges, number>()

  indexOf(ranges: Ranges | undefined): number {
    if (ranges === undefined) return -1
    const known = this.#indexes.get(ranges)
    if (known !== undefined) return known
    const lines = Object.keys(ranges).map(name => this.lines.indexOf(`${name} ${ranges[name]}`))
    const index = this.lists.indexOf(lines)
    this.#indexes.set(ranges, index)
    return index
  }
}

export function packFacts(facts: PackageFacts): Buffer {
  const needs = new Needs()
  const lists = new Table<readonly string[]>()
  const texts = new Table<string>()
  const each = <Value>(read: (version: VersionFacts) => Value) => facts.versions.map(read)
  const packed: Packed = {
    format: 1,
    name: facts.name,
    tags: Object.entries(facts.tags),
    versions: each(version => version.version).join('\n'),
    dependencies: trimmed(each(version => needs.indexOf(version.dependencies))),
    optional: trimmed(each(version => needs.indexOf(version.optionalDependencies))),
    peers: trimmed(each(version => needs.indexOf(version.peerDependencies))),
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
    needs: needs.lines.values.join('\n'),
    ranges: needs.lists.values,
    lists: lists.values,
    texts: texts.values,
  }
  return Buffer.from(JSON.stringify(packed))
}

/** Reads back what `packFacts` wrote; the caller has checked its digest. Equal lists become one shared object. */
export function unpackFacts(bytes: Buffer): PackageFacts {
  const packed: Packed = JSON.parse(bytes.toString())
  const ranges = readRanges(packed)
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

function readRanges(packed: Packed): readonly Ranges[] {
  const needs = packed.needs.split('\n')
  const names = needs.map(need => need.slice(0, need.indexOf(' ')))
  const values = needs.map(need => need.slice(need.indexOf(' ') + 1))
  return packed.ranges.map(indexes => {
    const record: Record<string, string> = Object.create(null)
    for (const index of indexes) record[names[index] ?? ''] = values[index] ?? ''
    return record
  })
}
