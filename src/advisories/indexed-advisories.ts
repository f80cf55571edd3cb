import type { AdvisoryDatabase, AdvisoryDatabaseStatus, AdvisoryDetail, AdvisoryMatch } from '../model/advisory.ts'
import { ecosystemsThatCover, schemeOf } from '../versions/schemes.ts'
import { ByteReader } from './byte-reader.ts'
import { Cold, type ReadPart } from './cold.ts'
import { Dictionary } from './dictionary.ts'
import { type HotFile, type IndexMeta, openHot, type Sections } from './index-format.ts'
import { type RecordEntry, readPackageEntry } from './package-entry.ts'
import { PackageMatcher } from './package-matcher.ts'

/** What the one who opens an index knows about it. */
export interface Provenance {
  readonly source: string
  readonly updated?: string
}

/** The two files of an index: the hot one whole, the cold one by parts. The names are for faults. */
export interface IndexFiles {
  readonly hot: Buffer
  readonly hotFile: string
  readonly cold: ReadPart
  readonly coldFile: string
}

/** Answers from an index. Packages are decoded when they are first asked about, and remembered. */
export class IndexedAdvisories implements AdvisoryDatabase {
  readonly status: AdvisoryDatabaseStatus
  readonly #sections: Sections
  readonly #ids: Dictionary
  readonly #packages: Dictionary
  readonly #cold: Cold
  readonly #matchers = new Map<string, PackageMatcher | undefined>()
  /** Ids with a bit set in `records`, and ids that have a link, below each multiple of 512. */
  #counts: { readonly records: readonly number[]; readonly links: readonly number[] } | undefined

  constructor(files: IndexFiles, provenance: Provenance) {
    const opened: HotFile = openHot(files.hot, files.hotFile)
    this.#sections = opened.sections
    this.#ids = new Dictionary(opened.sections.ids)
    this.#packages = new Dictionary(opened.sections.packages)
    this.#cold = new Cold(files.cold, opened.hash, files.coldFile)
    const meta: IndexMeta = JSON.parse(opened.sections.meta.toString('utf8'))
    this.status = { ...provenance, hash: opened.hash.toString('hex'), ...meta }
  }

  knows(ecosystem: string, name: string): boolean {
    return this.#matcher(ecosystem, name) !== undefined
  }

  match(ecosystem: string, name: string, version: string): readonly AdvisoryMatch[] {
    return this.#matcher(ecosystem, name)?.match(version) ?? []
  }

  detail(id: string): AdvisoryDetail | undefined {
    const rank = this.#ids.rank(id)
    if (rank < 0) return undefined
    const record = bit(this.#sections.records, rank) ? rank : this.#link(rank)
    return this.#cold.detail(this.#ids.text(record), this.#countBelow('records', record))
  }

  group(id: string): string | undefined {
    const rank = this.#ids.rank(id)
    if (rank < 0) return undefined
    const record = bit(this.#sections.records, rank) ? rank : this.#link(rank)
    const leader = bit(this.#sections.leaders, record) ? record : this.#link(record)
    return this.#ids.text(leader)
  }

  #matcher(ecosystem: string, name: string): PackageMatcher | undefined {
    const key = `${ecosystem}\0${name}`
    if (this.#matchers.has(key)) return this.#matchers.get(key)
    const entries = ecosystemsThatCover(ecosystem).flatMap(covering => this.#entries(covering, name))
    const matcher = entries.length === 0 ? undefined : this.#matcherOf(entries, ecosystem)
    this.#matchers.set(key, matcher)
    return matcher
  }

  #entries(ecosystem: string, name: string): readonly RecordEntry[] {
    const rank = this.#packages.rank(`${ecosystem}\0${name}`)
    if (rank < 0) return []
    const reader = new ByteReader(this.#sections.entries, this.#sections.starts.readUInt32LE(rank * 4))
    return readPackageEntry(reader, number => this.#version(number))
  }

  #matcherOf(entries: readonly RecordEntry[], ecosystem: string): PackageMatcher {
    return new PackageMatcher(
      entries,
      { id: rank => this.#ids.text(rank), leads: rank => bit(this.#sections.leaders, rank) },
      schemeOf(ecosystem),
    )
  }

  #version(number: number): string {
    const bytes = this.#sections.versions
    const texts = 4 + (bytes.readUInt32LE(0) + 1) * 4
    return bytes.toString('utf8', texts + bytes.readUInt32LE(4 + number * 4), texts + bytes.readUInt32LE(8 + number * 4))
  }

  #link(rank: number): number {
    return this.#sections.links.readUInt32LE(this.#countBelow('links', rank) * 4)
  }

  #hasLink(rank: number): boolean {
    return !(bit(this.#sections.records, rank) && bit(this.#sections.leaders, rank))
  }

  #countBelow(kind: 'records' | 'links', rank: number): number {
    this.#counts ??= this.#count()
    let count = this.#counts[kind][rank >> 9] ?? 0
    for (let i = (rank >> 9) << 9; i < rank; i++) if (kind === 'records' ? bit(this.#sections.records, i) : this.#hasLink(i)) count++
    return count
  }

  #count(): { records: number[]; links: number[] } {
    const counts = { records: [0], links: [0] }
    let [records, links] = [0, 0]
    for (let i = 0; i < this.#ids.size; i++) {
      if (bit(this.#sections.records, i)) records++
      if (this.#hasLink(i)) links++
      if ((i + 1) % 512 === 0) {
        counts.records.push(records)
        counts.links.push(links)
      }
    }
    return counts
  }
}

function bit(bits: Buffer, i: number): boolean {
  return (((bits[i >> 3] ?? 0) >> (i & 7)) & 1) === 1
}
