/** Small Debian images and archives written as a few words, for tests. */
import type { InstalledPackage, OfferedPackage, Relation, RelationGroup } from '../../src/ecosystems/deb/package.ts'
import type { Archive } from '../../src/ecosystems/deb/plan/archive.ts'
import { DebPlanning } from '../../src/ecosystems/deb/plan/planning.ts'
import { parseRelationGroups, parseRelations } from '../../src/ecosystems/deb/relations.ts'
import { sha256FromHex } from '../../src/model/digest.ts'
import { Fault } from '../../src/model/faults.ts'
import type { Budget } from '../../src/model/plan.ts'
import { DEFAULT_POLICY, type Policy } from '../../src/model/policy.ts'
import { propose } from '../../src/plan/propose.ts'
import { deb } from '../../src/versions/deb.ts'

export interface Words {
  readonly depends?: string
  readonly preDepends?: string
  readonly breaks?: string
  readonly conflicts?: string
  readonly provides?: string
  readonly source?: string
  readonly sourceVersion?: string
  readonly architecture?: string
  readonly multiArch?: 'same' | 'foreign' | 'allowed'
  readonly want?: string
  readonly state?: string
}

/** `name version` → what it says. */
export type Packages = Readonly<Record<string, Words>>

export interface DebCase {
  readonly installed: Packages
  readonly security?: Packages
  readonly main?: Packages
  /** `source version` → the flaws it has. */
  readonly flaws: (source: string, version: string) => readonly string[]
  readonly update?: readonly string[] | 'all'
  readonly policy?: Partial<Policy>
  readonly barred?: Readonly<Record<string, string>>
  readonly ended?: string
  /** Sources whose findings weigh nothing, as `--only` has it. */
  readonly aside?: readonly string[]
}

export const NOW = new Date('2026-01-20T00:00:00Z')
const invalid = (why: string): Fault => new Fault('internal', why)

function described(title: string, words: Words) {
  const [name = '', version = ''] = title.split(' ')
  const architecture = words.architecture ?? 'amd64'
  const groups = (text = ''): readonly RelationGroup[] => parseRelationGroups(text, architecture, invalid)
  const list = (text = ''): readonly Relation[] => parseRelations(text, architecture, invalid)
  return {
    name,
    version,
    architecture,
    source: { name: words.source ?? name, version: words.sourceVersion ?? version },
    multiArch: words.multiArch ?? 'no',
    essential: false,
    depends: groups(words.depends),
    preDepends: groups(words.preDepends),
    breaks: list(words.breaks),
    conflicts: list(words.conflicts),
    replaces: [],
    provides: list(words.provides),
    stanza: '',
  } as const
}

export function installedOf(packages: Packages): readonly InstalledPackage[] {
  return Object.entries(packages).map(([title, words]) => ({
    ...described(title, words),
    status: { want: words.want ?? 'install', flag: 'ok', state: words.state ?? 'installed' },
    file: 'var/lib/dpkg/status',
    start: 0,
    end: 0,
    conffiles: [],
    layer: 0,
  }))
}

export function offeredOf(packages: Packages, security: boolean): readonly OfferedPackage[] {
  const digest = sha256FromHex('0'.repeat(64))
  return Object.entries(packages).map(([title, words]) => ({
    ...described(title, words),
    filename: `pool/${title.replace(' ', '_')}.deb`,
    size: 1,
    sha256: digest,
    suite: {
      uri: 'https://deb.example/debian/',
      suite: security ? 'stable-security' : 'stable',
      codename: security ? 'stable-security' : 'stable',
      release: { suite: 'stable', version: '1', origin: 'Debian', label: security ? 'Debian-Security' : 'Debian' },
      component: 'main',
      architecture: 'amd64',
      security,
      inReleaseSha256: digest,
      indexSha256: digest,
      date: '2026-01-10T00:00:00Z',
    },
  }))
}

/** Gives only what was asked for, and remembers what that was. */
export class MadeArchive implements Archive {
  readonly asked: string[] = []
  readonly #security: readonly OfferedPackage[]
  readonly #main: readonly OfferedPackage[]
  readonly #depths = new Map<string, 'security' | 'all'>()

  constructor(security: Packages, main: Packages) {
    this.#security = offeredOf(security, true)
    this.#main = offeredOf(main, false)
  }

  async load(names: readonly string[], depth: 'security' | 'all') {
    for (const name of names) {
      if (depth === 'all') this.asked.push(name)
      if (this.#depths.get(name) !== 'all') this.#depths.set(name, depth)
    }
  }

  offered = (name: string): readonly OfferedPackage[] => this.#known(name).filter(item => item.name === name)

  providers = (name: string): readonly OfferedPackage[] =>
    this.#known(name).filter(item => item.name !== name && item.provides.some(provided => provided.name === name))

  #known(name: string): readonly OfferedPackage[] {
    const depth = this.#depths.get(name)
    return depth === undefined ? [] : depth === 'security' ? this.#security : [...this.#security, ...this.#main]
  }
}

/** Flaws by rule: a source has them below a version. */
export function below(fixed: Readonly<Record<string, string>>): DebCase['flaws'] {
  return (source, version) => (fixed[source] !== undefined && deb.compare(version, fixed[source]) < 0 ? [`CVE-${source}`] : [])
}

export async function openCase(of: DebCase) {
  const archive = new MadeArchive(of.security ?? {}, of.main ?? {})
  const aside = new Set(of.aside)
  const planning = await DebPlanning.open({
    installed: installedOf(of.installed),
    native: 'amd64',
    archive,
    rules: { policy: { ...DEFAULT_POLICY, ...of.policy }, now: NOW, barred: new Map(Object.entries(of.barred ?? {})) },
    match: (source, version) => of.flaws(source, version).map(id => ({ id, group: id, ids: [id], severity: 'high' as const })),
    weigh: source => (aside.has(source) ? { weight: 0, aside: 30 } : { weight: 30, aside: 0 }),
    update: of.update === 'all' ? 'all' : new Set(of.update),
    ...(of.ended === undefined ? {} : { ended: of.ended }),
  })
  return { planning, archive }
}

/** What moves, `key from → to`, and what the main suite was asked about. */
export async function planned(of: DebCase, budget: Budget = 'all', priceList = false) {
  const { planning, archive } = await openCase(of)
  const proposal = await propose(planning, { budget, manifest: false, priceList })
  const moves = proposal.realised.moves.map(
    ({ key, from, to }) => `${key.replace(/:amd64$/, '')} ${from?.version ?? 'new'} → ${to.version}`,
  )
  return { planning, proposal, moves: moves.sort(), asked: archive.asked }
}
