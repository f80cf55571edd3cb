/** What every verb starts from: the project's files, the advisories, the registry's metadata. */
import { join } from 'node:path'
import { findingsOf, weightOf } from '../../advisories/findings.ts'
import { buildTree } from '../../ecosystems/npm/build-tree.ts'
import { ECOSYSTEM, inventoryOf } from '../../ecosystems/npm/inventory.ts'
import { Planning } from '../../ecosystems/npm/planning.ts'
import type { NpmCatalogue } from '../../ecosystems/npm/registry/catalogue.ts'
import { type Repository, readRepository } from '../../ecosystems/npm/repository.ts'
import type { AdvisoryDatabase, AdvisoryMatch } from '../../model/advisory.ts'
import { Fault } from '../../model/faults.ts'
import type { Finding } from '../../model/finding.ts'
import type { Inventory } from '../../model/inventory.ts'
import type { Policy } from '../../model/policy.ts'
import type { EngineWorld, ScanRequest } from '../engine.ts'
import { homeFolder } from '../home-folder.ts'
import { openDatabase } from './database.ts'

export class Session {
  readonly repository: Repository
  readonly database: AdvisoryDatabase
  readonly policy: Policy
  readonly world: EngineWorld
  readonly now: Date
  readonly #request: ScanRequest
  readonly #matches = new Map<string, readonly AdvisoryMatch[]>()
  #catalogue: NpmCatalogue | undefined
  #before: Date | undefined
  #legacyPeerDeps = false

  constructor(world: EngineWorld, request: ScanRequest) {
    this.world = world
    this.now = world.now()
    this.policy = request.policy
    this.#request = request
    this.repository = readRepository(request.folder)
    this.database = openDatabase(world, request.advisories, ECOSYSTEM)
  }

  match = (name: string, version: string): readonly AdvisoryMatch[] => {
    if (!this.database.knows(ECOSYSTEM, name)) return NO_MATCHES
    const key = `${name}@${version}`
    let found = this.#matches.get(key)
    if (found === undefined) {
      found = this.database.match(ECOSYSTEM, name, version)
      this.#matches.set(key, found)
    }
    return found
  }

  /** The inventory as the lock alone tells it. */
  inventory(): Inventory {
    const { lock, manifest } = this.repository
    return inventoryOf(this.repository, buildTree(lock, manifest))
  }

  findings(inventory: Inventory): readonly Finding[] {
    return findingsOf(inventory, this.database, this.policy, this.now)
  }

  async catalogue(): Promise<NpmCatalogue> {
    if (this.#catalogue === undefined) {
      const [{ loadNpmConfig }, { openCatalogue }] = await Promise.all([
        import('../../ecosystems/npm/registry/npm-config.ts'),
        import('../../ecosystems/npm/registry/catalogue.ts'),
      ])
      const config = await loadNpmConfig({ folder: this.repository.folder, env: this.world.environment })
      this.#before = config.before === undefined ? undefined : new Date(config.before)
      this.#legacyPeerDeps = config.legacyPeerDeps
      this.#catalogue = openCatalogue({
        config,
        cacheFolder: this.#cacheFolder(),
        needPublishTimes: this.policy.coolDown.days > 0,
        now: this.world.now,
        offline: this.#request.offline,
        progress: (done, total) => this.world.progress({ doing: 'Reading package metadata', done, total }),
      })
    }
    return this.#catalogue
  }

  /** `only`: advisory ids, aliases or package names; empty for all. */
  async planning(only: readonly string[] = []): Promise<Planning> {
    const { manifest } = this.repository
    const selected = this.#selection(only)
    const [catalogue, { openReadings }] = await Promise.all([this.catalogue(), import('../../ecosystems/npm/registry/readings.ts')])
    return Planning.open({
      repository: this.repository,
      catalogue,
      bundled: (name, version, integrity) => catalogue.bundled(name, version, integrity),
      readings: openReadings(this.#cacheFolder(), this.#planFrom(only), this.world.now),
      legacyPeerDeps: this.#legacyPeerDeps,
      rules: {
        policy: this.policy,
        node: this.policy.node ?? manifest?.node,
        now: this.now,
        needsIntegrity: true,
        ...(this.#before === undefined ? {} : { before: this.#before }),
      },
      match: this.match,
      weigh: (name, match) => {
        const weight = weightOf(this.policy, name, match, this.now)
        return selected(name, match) ? { weight, aside: 0 } : { weight: 0, aside: weight }
      },
    })
  }

  #cacheFolder(): string {
    return join(homeFolder(this.world.environment), 'registry')
  }

  /** What decides, apart from the registry, which packages a plan looks into. */
  #planFrom(only: readonly string[]): readonly string[] {
    const files = this.repository.files.map(({ sha256 }) => sha256)
    const npm = `${this.#legacyPeerDeps} ${this.#before?.toISOString()}`
    return [...files, this.database.status.hash, JSON.stringify(this.policy), JSON.stringify(only), npm]
  }

  #selection(only: readonly string[]): (name: string, match: AdvisoryMatch) => boolean {
    if (only.length === 0) return () => true
    const inventory = this.inventory()
    const findings = this.findings(inventory)
    for (const subject of only) {
      const known = findings.some(finding => finding.name === subject || finding.ids.includes(subject))
      if (!known) throw new Fault('not-found', `No finding here is about ${subject}.`)
    }
    return (name, match) => this.isSelected({ name, ids: match.ids }, only)
  }

  isSelected(finding: Pick<Finding, 'name' | 'ids'>, only: readonly string[]): boolean {
    return only.length === 0 || only.includes(finding.name) || finding.ids.some(id => only.includes(id))
  }
}

const NO_MATCHES: readonly AdvisoryMatch[] = []
