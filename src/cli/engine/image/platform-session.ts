/** One platform of an image with what every verb starts from: its files, its packages, what is known against them, where packages come from. */
import { findingsOf, weightOf } from '../../../advisories/findings.ts'
import { severalAtOnce } from '../../../concurrency/several-at-once.ts'
import type { OpenApt } from '../../../ecosystems/deb/apt/open.ts'
import { type DebInventory, debComponent } from '../../../ecosystems/deb/inventory.ts'
import { type DebPackage, type OfferedPackage, packageKey } from '../../../ecosystems/deb/package.ts'
import type { PackageUpgrade } from '../../../ecosystems/deb/patch/patch.ts'
import type { Move } from '../../../ecosystems/deb/plan/planning.ts'
import type { DpkgDatabase } from '../../../ecosystems/deb/read-status.ts'
import type { AdvisoryDatabase, AdvisoryDatabaseStatus, AdvisoryMatch } from '../../../model/advisory.ts'
import type { Finding } from '../../../model/finding.ts'
import type { ImageFiles, OpenImage } from '../../../model/image.ts'
import type { Component, Inventory } from '../../../model/inventory.ts'
import type { Plan, PlannedFinding } from '../../../model/plan.ts'
import type { Policy } from '../../../model/policy.ts'
import { cveIn } from '../../../reports/open-vex.ts'
import { schemeOf } from '../../../versions/schemes.ts'
import type { EngineWorld, ImageRequest, Story } from '../../engine.ts'
import { foreignFinding, namedFix } from './foreign-findings.ts'
import { isForeign, type Languages } from './languages.ts'

/** One is unpacked while others come in. */
const PACKAGES_AT_ONCE = 4

export interface Base {
  readonly files: ImageFiles
  readonly database: DpkgDatabase
}

export interface Upgrades {
  /** What the layer is made against. */
  readonly base: Base
  /** How many layers on top it replaces. */
  readonly replaceTop: number
  readonly upgrades: readonly PackageUpgrade[]
}

export interface PlatformSessionInput {
  readonly world: EngineWorld
  readonly request: ImageRequest
  readonly policy: Policy
  readonly now: Date
  readonly image: OpenImage
  /** The image below Suture's own layer, where it has one on top. */
  readonly base?: Base
  readonly inventory: DebInventory
  /** What languages' tools installed. */
  readonly languages: Languages
  readonly database: AdvisoryDatabase
  /** Matches that the package archive itself tells, where the database knows nothing of the distribution. */
  readonly archiveMatch: ((source: string, version: string) => readonly AdvisoryMatch[]) | undefined
  /** Opened when a plan needs it. */
  readonly openArchive: () => Promise<OpenApt>
  readonly notes: readonly string[]
  /** Where the release gets no security updates any more: a sentence that says so. */
  readonly ended?: string
  /** Where nothing can be patched: a sentence that says so. */
  readonly bare?: string
  /** Something could not be looked at, as `notes` say: then nothing is called clean. */
  readonly partial: boolean
}

export class PlatformSession {
  readonly world: EngineWorld
  readonly request: ImageRequest
  readonly policy: Policy
  readonly now: Date
  readonly image: OpenImage
  /** Debian packages, then what languages' tools installed. */
  readonly inventory: DebInventory
  readonly database: DpkgDatabase
  readonly advisories: Plan['advisories']
  readonly status: AdvisoryDatabaseStatus
  readonly notes: readonly string[]
  readonly ended: string | undefined
  readonly bare: string | undefined
  readonly partial: boolean
  readonly languages: Languages
  readonly #input: PlatformSessionInput
  readonly #matches = new Map<string, readonly AdvisoryMatch[]>()
  #foreign: ReadonlyMap<string, readonly Component[]> | undefined
  readonly base: Base

  constructor(input: PlatformSessionInput) {
    const { world, request, policy, now, image, inventory, database, notes, ended } = input
    this.#input = input
    this.world = world
    this.request = request
    this.policy = policy
    this.now = now
    this.image = image
    this.inventory = { ...inventory, components: [...inventory.components, ...input.languages.components] }
    this.database = inventory.database
    this.status = database.status
    this.advisories = { hash: database.status.hash, newest: database.status.newest }
    this.notes = notes
    this.ended = ended
    this.bare = input.bare
    this.partial = input.partial
    this.languages = input.languages
    this.base = input.base ?? { files: image.files, database: inventory.database }
  }

  archive(): Promise<OpenApt> {
    return this.#input.openArchive()
  }

  /**
   * Everything that will differ from the base once these moves are made, with its archives. Where a version that Suture brought before is
   * offered no longer, its layer stays and the new one goes on top.
   */
  async upgrades(moves: readonly Move[]): Promise<Upgrades> {
    const apt = await this.archive()
    const wanted = new Map(moves.map(({ key, to }) => [key, to]))
    for (const item of this.database.packages) {
      const key = packageKey(item)
      if (wanted.has(key) || this.base.database.byKey.get(key)?.version === item.version) continue
      await apt.load([item.name], 'all')
      const same = apt.offered(item.name).find(offer => offer.version === item.version && packageKey(offer) === key)
      if (same === undefined) return this.#stacked(moves)
      wanted.set(key, same)
    }
    return { base: this.base, replaceTop: this.#input.base === undefined ? 0 : 1, upgrades: await this.#fetched(wanted, this.base) }
  }

  async #stacked(moves: readonly Move[]): Promise<Upgrades> {
    const base = { files: this.image.files, database: this.database }
    return { base, replaceTop: 0, upgrades: await this.#fetched(new Map(moves.map(({ key, to }) => [key, to])), base) }
  }

  async #fetched(wanted: ReadonlyMap<string, OfferedPackage>, base: Base): Promise<readonly PackageUpgrade[]> {
    const apt = await this.archive()
    const inOrder = [...wanted].sort(([a], [b]) => (a < b ? -1 : 1))
    let done = 0
    return severalAtOnce(inOrder, PACKAGES_AT_ONCE, async ([key, to]) => {
      this.world.progress({ doing: 'Fetching packages', done, total: wanted.size })
      const from = base.database.byKey.get(key)
      const deb = await apt.download(to)
      done++
      return { ...(from === undefined ? {} : { from }), to, deb }
    })
  }

  /** What is known against one version of a source package. */
  match = (source: string, version: string): readonly AdvisoryMatch[] => {
    const key = `${source}@${version}`
    let found = this.#matches.get(key)
    if (found === undefined) {
      const { archiveMatch, database, inventory } = this.#input
      found = (archiveMatch?.(source, version) ?? database.match(inventory.advisoryEcosystem ?? '', source, version)).map(withCve)
      this.#matches.set(key, found)
    }
    return found
  }

  /** Of what the distribution's packages bundle, the distribution's advisories speak, and no others. */
  findings(inventory: Inventory): readonly Finding[] {
    const { database } = this.#input
    const own = this.inventory.advisoryEcosystem ?? this.inventory.release.id
    const match: AdvisoryDatabase['match'] = (ecosystem, name, version) =>
      ecosystem === own ? this.match(name, version) : database.match(ecosystem, name, version)
    const components = inventory.components.filter(isForeign)
    return findingsOf({ ...inventory, components }, { match }, this.policy, this.now)
  }

  /** The plan's word on a finding in what a language's tool installed; undefined for the distribution's packages. */
  foreign(finding: Finding): PlannedFinding | undefined {
    const { database, image } = this.#input
    this.#foreign ??= Map.groupBy(this.languages.components.filter(isForeign), ({ subject, purl }) => subject?.purl ?? purl)
    const components = this.#foreign.get(finding.purl) ?? []
    const subject = components[0]?.subject
    if (subject === undefined) return undefined
    const { ecosystem, name, version } = subject
    const match = (other: string) => database.match(ecosystem, name, other)
    const fixed = match(version).find(({ group }) => group === finding.group)?.fixed
    return foreignFinding(finding, ecosystem, components, namedFix(fixed, version, match, schemeOf(ecosystem)), image)
  }

  weigher(only: readonly string[]): (source: string, match: AdvisoryMatch) => { readonly weight: number; readonly aside: number } {
    return (source, match) => {
      const weight = weightOf(this.policy, source, match, this.now)
      return this.#isAsked(source, match.ids, only) ? { weight, aside: 0 } : { weight: 0, aside: weight }
    }
  }

  isSelected(finding: Pick<Finding, 'name' | 'ids'>, only: readonly string[]): boolean {
    return this.#isAsked(finding.name, finding.ids, only)
  }

  /** A source package is also named by any of its binaries. */
  #isAsked(source: string, ids: readonly string[], only: readonly string[]): boolean {
    if (only.length === 0 || only.includes(source) || ids.some(id => only.includes(id))) return true
    return this.database.packages.some(item => item.source.name === source && only.includes(item.name))
  }

  /** Whether `--only` with this word would leave anything. */
  isAbout(subject: string): boolean {
    return this.findings(this.inventory).some(finding => this.isSelected(finding, [subject]))
  }

  /** Whether `--update` with this word names something installed: a package, a source package, or one of an architecture. */
  isInstalled(name: string): boolean {
    return this.database.packages.some(item => item.name === name || item.source.name === name || packageKey(item) === name)
  }

  advisoryOf(finding: Finding): NonNullable<Story['advisory']> {
    const detail = finding.ids.map(id => this.#input.database.detail(id)).find(found => found !== undefined)
    const { ids, severity, score } = finding
    return { ids, severity, ...(score === undefined ? {} : { score }), ...(detail === undefined ? {} : { detail }) }
  }

  /** A package of the archive as it would stand in the image. */
  componentOf(item: DebPackage, location: string): Component {
    return { ...debComponent(item, this.inventory), location }
  }
}

/** Distributions put their own name in front of a CVE (`DEBIAN-CVE-2024-1234`); people ask for it, and accept it, by the CVE. */
function withCve(match: AdvisoryMatch): AdvisoryMatch {
  const cves = match.ids.flatMap(id => cveIn(id) ?? []).filter(cve => !match.ids.includes(cve))
  return cves.length === 0 ? match : { ...match, ids: [...new Set([...match.ids, ...cves])].sort() }
}
