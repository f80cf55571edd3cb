import type { VersionFacts } from '../../model/catalogue.ts'
import type { Choice, FixedConsumer, Peer, Relaxation, Risk, Unit } from '../../model/world.ts'
import { declaredByFacts } from './build-tree.ts'
import { needsBeyond } from './bundles.ts'
import { candidates } from './candidates.ts'
import { type LockedUnit, type ResolvedNeed, withPeerDependents } from './locked.ts'
import { bundleKey, consumerKey, gainedInside, gainedLine, servedToday } from './locked-facts.ts'
import { overriddenRange, scopeBelow } from './overrides.ts'
import { distancesOf, PackageUnits, VersionList } from './package-units.ts'
import { breakingLine, compareVersions, inRange, parseSpec } from './ranges.ts'
import type { TreeNode } from './tree.ts'
import { coneOf, type NpmWorld, type Relaxed, vulnerablePackages, type WorldInput } from './world-input.ts'

export function buildWorld(input: WorldInput): NpmWorld {
  const cone = coneOf(input)
  let movable = withPeerDependents(input.locked, new Set([...cone, ...input.memo.movable]))
  for (;;) {
    const builder = new WorldBuilder(input, movable)
    builder.build()
    if (builder.alsoMovable.size === 0) return { ...builder.result(), movable }
    for (const name of builder.alsoMovable) input.memo.movable.add(name)
    movable = withPeerDependents(input.locked, new Set([...movable, ...builder.alsoMovable]))
  }
}

const NO_UNITS = new PackageUnits([], new VersionList([]))

type Growing = Unit & { needs: number[]; now: number[]; peers: Peer[] }

class WorldBuilder {
  /** Packages that turned out to matter because a candidate has a peer in them. */
  readonly alsoMovable = new Set<string>()
  readonly #input: WorldInput
  readonly #movable: ReadonlySet<string>
  readonly #units: Growing[] = []
  readonly #ofPackage = new Map<string, PackageUnits>()
  readonly #choices: Choice[] = []
  readonly #choiceIds = new Map<string, number>()
  readonly #facts = new Map<number, VersionFacts>()
  readonly #young = new Set<number>()
  readonly #fixed: FixedConsumer[] = []
  readonly #risks = new Map<string, Risk & { units: number[] }>()
  readonly #pending: number[] = []
  readonly #vulnerable: ReadonlySet<string>
  readonly #reached = new Set<number>()

  constructor(input: WorldInput, movable: ReadonlySet<string>) {
    this.#input = input
    this.#movable = movable
    this.#vulnerable = new Set(vulnerablePackages(input))
  }

  build() {
    const { locked } = this.#input
    for (const node of locked.fixed)
      this.#fixed.push({ key: consumerKey(node), ...this.#needsOf([node], { kind: 'range', owner: node.location }) })
    for (const unit of locked.units.values()) {
      if (this.#movable.has(unit.package)) continue
      const needed = this.#needsOf(unit.nodes, { kind: 'override', owner: unit.package })
      if (needed.needs.length > 0) this.#fixed.push({ key: `${unit.package}@${unit.version}`, ...needed })
    }
    for (const name of [...this.#movable].sort()) this.#versionsOf(name)
    for (let id = this.#pending.pop(); id !== undefined; id = this.#pending.pop()) this.#expand(id)
  }

  result(): Omit<NpmWorld, 'movable'> {
    return {
      world: { units: this.#units, choices: this.#choices, fixed: this.#fixed, risks: [...this.#risks.values()], conflicts: [] },
      facts: this.#facts,
      young: this.#young,
    }
  }

  /** Units of a package, ascending; made when first asked for. */
  #versionsOf(name: string): PackageUnits {
    let known = this.#ofPackage.get(name)
    if (known === undefined) {
      const ids = this.#makeUnits(name)
      known = new PackageUnits(
        ids,
        this.#input.memo.list(
          name,
          ids.map(id => this.#units[id]?.version ?? ''),
        ),
      )
      this.#ofPackage.set(name, known)
    }
    return known
  }

  #makeUnits(name: string): number[] {
    const { locked, catalogue, rules, banned, bundleOf, expanded } = this.#input
    const ids: number[] = []
    const here = locked.versions.get(name) ?? []
    const published = catalogue.get(name)
    for (const version of here) ids.push(this.#addLocked(locked.units.get(`${name}@${version}`), version, name))
    if (published === undefined || !expanded.has(name)) {
      if (!rules.policy.hold.includes(name)) {
        ids.push(this.#add(name, '', { standIn: true, unread: name }))
      }
      return ids
    }
    const scriptHere = here.some(version => locked.units.get(`${name}@${version}`)?.nodes[0]?.hasInstallScript === true)
    const { found, distances } = this.#input.memo.candidates(name, () => ({
      found: candidates(published, here, rules),
      distances: distancesOf(
        published.versions.map(({ version }) => version),
        here,
      ),
    }))
    for (const { facts, young } of found) {
      if (banned.has(`${name}@${facts.version}`) || banned.has(`${name}@*`) || banned.has('*')) continue
      const id = this.#add(name, facts.version, {
        gainedLine: gainedLine(name, facts.version, locked.lines.get(name)) ?? gainedInside(bundleOf(name, facts.version), locked.lines),
        distance: distances.get(facts.version) ?? 1,
        gainsScript: facts.hasInstallScript === true && !scriptHere,
        unread: facts.bundled === undefined || expanded.has(bundleKey(name, facts.version)) ? undefined : bundleKey(name, facts.version),
      })
      this.#facts.set(id, facts)
      for (const inside of bundleOf(name, facts.version) ?? []) this.#addRisks(id, inside.name, inside.version, false)
      if (young) this.#young.add(id)
      ids.push(id)
    }
    return ids.sort((a, b) => compareVersions(this.#units[a]?.version ?? '', this.#units[b]?.version ?? ''))
  }

  #addLocked(unit: LockedUnit | undefined, version: string, name: string): number {
    const id = this.#add(name, version, {
      locked: true,
      entries: unit?.nodes.length ?? 0,
      topmost: unit?.nodes.some(({ location }) => location === `node_modules/${name}`) === true,
    })
    for (const node of unit?.nodes ?? []) {
      for (const inside of this.#input.locked.bundles.get(node.location) ?? []) this.#addRisks(id, inside.packageName, inside.version, true)
    }
    return id
  }

  #add(name: string, version: string, of: Partial<Unit>): number {
    const id = this.#units.length
    this.#units.push({
      package: name,
      version,
      locked: false,
      entries: 0,
      gainedLine: undefined,
      distance: 0,
      gainsScript: false,
      topmost: false,
      standIn: false,
      unread: undefined,
      ...of,
      needs: [],
      now: [],
      peers: [],
    })
    if (of.locked === true) this.#reach(id)
    if (of.standIn !== true) this.#addRisks(id, name, version, of.locked === true)
    return id
  }

  /** A unit's needs count once something could take it. */
  #reach(id: number) {
    if (this.#reached.has(id)) return
    this.#reached.add(id)
    this.#pending.push(id)
  }

  #addRisks(unit: number, name: string, version: string, present: boolean) {
    for (const match of this.#input.match(name, version)) {
      const { weight, aside } = this.#input.weigh(name, match)
      if (weight <= 0 && aside <= 0) continue
      const finding = `${name}@${version}:${match.group}`
      const known = this.#risks.get(finding)
      if (known === undefined) this.#risks.set(finding, { finding, group: match.group, weight, aside, units: [unit], present })
      else if (!known.units.includes(unit)) known.units.push(unit)
    }
  }

  /** Fills a unit's needs and peers once its package is known. */
  #expand(id: number) {
    const unit = this.#units[id]
    if (unit === undefined || unit.standIn) return
    const { locked } = this.#input
    if (unit.locked) {
      const nodes = locked.units.get(`${unit.package}@${unit.version}`)?.nodes ?? []
      const { needs, now } = this.#needsOf(nodes, { kind: 'override', owner: unit.package })
      unit.needs.push(...needs)
      unit.now.push(...now)
      unit.peers.push(...this.#lockedPeers(nodes))
      return
    }
    const facts = this.#facts.get(id)
    if (facts !== undefined) this.#expandCandidate(unit, facts)
  }

  /** What consumers that are in the lock need: the same ranges, and nothing lower than what serves them now. */
  #needsOf(nodes: readonly TreeNode[], relaxed: Relaxed): { needs: number[]; now: number[] } {
    const { locked } = this.#input
    const byName = new Map<string, ResolvedNeed[]>()
    const around = nodes.flatMap(node => [node, ...(locked.bundles.get(node.location) ?? [])])
    for (const node of around) {
      for (const resolved of locked.needs.get(node.location) ?? []) {
        const { need, to } = resolved
        const peer = need.kind === 'peer' || need.kind === 'peer-optional'
        if (to === undefined || to.bundledBy !== undefined || (peer && node.location.includes('node_modules/'))) continue
        const key = `${node.bundledBy === undefined ? '' : node.location}\n${need.name}`
        byName.set(key, [...(byName.get(key) ?? []), resolved])
      }
    }
    const needs: number[] = []
    const now: number[] = []
    for (const same of byName.values()) {
      const choice = this.#lockedChoice(same, relaxed)
      if (choice === undefined) continue
      needs.push(choice)
      now.push(this.#servedBy(same))
    }
    return { needs, now }
  }

  #servedBy(same: readonly ResolvedNeed[]): number {
    const [first] = same
    const versions = new Set(same.map(({ to }) => to?.version))
    if (first?.to === undefined || versions.size !== 1) return -1
    const units = this.#ofPackage.get(first.to.packageName)?.ids ?? []
    return units.find(id => this.#units[id]?.version === first.to?.version && this.#units[id]?.locked) ?? -1
  }

  #lockedChoice(same: readonly ResolvedNeed[], relaxed: Relaxed): number | undefined {
    const need = same[0]?.need
    if (need === undefined) return undefined
    const spec = parseSpec(need.name, need.range)
    if (spec.kind === 'immovable') return undefined
    const served = same.flatMap(({ to }) =>
      to === undefined || to.origin !== 'registry' || to.packageName !== spec.name ? [] : [to.version],
    )
    const floor = served.sort(compareVersions).at(-1)
    if (floor === undefined || !this.#isUnit(spec.name)) return undefined
    const range = spec.kind === 'tag' ? `>=${floor}` : spec.range
    const unmet = served.filter(version => !inRange(version, range))
    const isFirm = relaxed.kind === 'range' && !this.#input.isRaisable(relaxed.owner, need)
    return this.#choice({ name: spec.name, range, floor, also: unmet, ...(!isFirm && { relaxed: { ...relaxed, name: need.name } }) })
  }

  /** Whether a package's versions are chosen, or it serves as it is. */
  #isUnit(name: string): boolean {
    return this.#movable.has(name) || this.#ofPackage.has(name)
  }

  #expandCandidate(unit: Growing, facts: VersionFacts) {
    const { locked, overrides } = this.#input
    const scope = scopeBelow(overrides, undefined, unit.package, unit.version)
    const siblings = () =>
      (locked.versions.get(unit.package) ?? []).flatMap(version => locked.units.get(`${unit.package}@${version}`)?.nodes ?? [])
    for (const { name, range: declared, kind } of declaredByFacts(facts)) {
      // What it bundles travels with it.
      if (facts.bundled === true || facts.bundled?.includes(name) === true) continue
      const spec = parseSpec(name, overriddenRange(overrides, scope, name, declared))
      const served = this.#input.memo.served(unit.package, name, () => servedToday(locked, siblings(), name))
      if (kind === 'peer' || kind === 'peer-optional') {
        if (served.unmetPeer || spec.kind !== 'registry') continue
        if (!locked.versions.has(spec.name) && kind === 'peer-optional') continue
        if (locked.versions.has(spec.name) && !this.#isUnit(spec.name)) this.alsoMovable.add(spec.name)
        unit.peers.push({
          package: spec.name,
          choice: this.#choice({ name: spec.name, range: spec.range }),
          optional: kind === 'peer-optional',
        })
        continue
      }
      if (kind === 'optional' && served.missingOptional) continue
      const choice = this.#candidateChoice(spec, served.lowest, { kind: 'override', owner: unit.package, name })
      if (choice !== undefined) unit.needs.push(choice)
    }
    for (const { name, range } of needsBeyond(this.#input.bundleOf(unit.package, unit.version) ?? [])) {
      const choice = this.#candidateChoice(parseSpec(name, range), undefined, { kind: 'override', owner: unit.package, name })
      if (choice !== undefined) unit.needs.push(choice)
    }
  }

  /** Undefined when the lock holds, outside the world, what serves the need. */
  #candidateChoice(spec: ReturnType<typeof parseSpec>, floor: string | undefined, relaxed: Relaxed): number | undefined {
    // A new version that asks for a git, file or url dependency cannot be served from the registry: an empty choice forbids it.
    if (spec.kind === 'immovable') return this.#choice({ name: '', range: '' })
    const here = this.#input.locked.versions.get(spec.name) ?? []
    const tagged = spec.kind === 'tag' ? this.#input.catalogue.get(spec.name)?.tags[spec.tag] : undefined
    const range = spec.kind === 'registry' ? spec.range : here.length > 0 ? '*' : (tagged ?? '*')
    if (!this.#isUnit(spec.name)) {
      if (here.some(version => inRange(version, range))) return undefined
    }
    const bound = this.#choice({ name: spec.name, range, floor, relaxed })
    return floor === undefined || (this.#choices[bound]?.anyOf.length ?? 0) > 0 ? bound : this.#choice({ name: spec.name, range, relaxed })
  }

  #lockedPeers(nodes: readonly TreeNode[]): Peer[] {
    const { locked } = this.#input
    const peers: Peer[] = []
    for (const need of nodes[0]?.needs ?? []) {
      if (need.kind !== 'peer' && need.kind !== 'peer-optional') continue
      const spec = parseSpec(need.name, need.range)
      if (spec.kind !== 'registry' || !this.#isUnit(spec.name) || servedToday(locked, nodes, need.name).unmetPeer) continue
      peers.push({
        package: spec.name,
        choice: this.#choice({ name: spec.name, range: spec.range }),
        optional: need.kind === 'peer-optional',
      })
    }
    return peers
  }

  #choice(of: { name: string; range: string; floor?: string | undefined; also?: readonly string[]; relaxed?: Relaxed }): number {
    // An override is for the package that carries the finding; a range of the project may be raised for any.
    const offered = this.#input.manifest && (of.relaxed?.kind === 'range' || this.#vulnerable.has(of.name)) ? of.relaxed : undefined
    const relaxKey = offered === undefined ? '' : `${offered.kind} ${offered.owner}\n${offered.name ?? ''}`
    const key = [of.name, of.range, of.floor ?? '', (of.also ?? []).join(), relaxKey].join('\n')
    const known = this.#choiceIds.get(key)
    if (known !== undefined) return known
    const id = this.#choices.length
    this.#choiceIds.set(key, id)
    const units = of.name === '' ? NO_UNITS : this.#versionsOf(of.name)
    const within = units.within(of.range, of.floor)
    const also =
      of.also === undefined || of.also.length === 0
        ? []
        : units.ids.filter(unit => of.also?.includes(this.#units[unit]?.version ?? '') === true)
    const anyOf = also.length === 0 ? within : [...new Set([...within, ...also])]
    const beyond = offered === undefined ? [] : units.atLeast(of.floor).filter(unit => !anyOf.includes(unit))
    const relaxed = offered === undefined ? [] : this.#relaxations(offered, relaxKey, beyond, of.floor)
    for (const unit of [...anyOf, ...beyond]) this.#reach(unit)
    this.#choices.push({ package: of.name, range: of.range, anyOf, ...(relaxed.length === 0 ? {} : { relaxed }) })
    return id
  }

  /** Beyond the range, within the consumer's line and across it. */
  #relaxations({ kind }: Relaxed, key: string, beyond: readonly number[], floor: string | undefined): readonly Relaxation[] {
    const crosses = (id: number) =>
      floor !== undefined && this.#units[id]?.standIn !== true && breakingLine(this.#units[id]?.version ?? '') !== breakingLine(floor)
    const near = beyond.filter(id => !crosses(id))
    const far = beyond.filter(crosses)
    return [
      ...(near.length === 0 ? [] : [{ kind, anyOf: near, key, crosses: false }]),
      ...(far.length === 0 ? [] : [{ kind, anyOf: far, key, crosses: true }]),
    ]
  }
}
