/** What a world of Debian packages is built from, and what comes of it. */
import type { AdvisoryMatch } from '../../../model/advisory.ts'
import type { BuiltWorld, WorldState } from '../../../model/world.ts'
import type { DebPackage, OfferedPackage } from '../package.ts'
import type { Archive } from './archive.ts'
import type { DebRules } from './candidates.ts'
import type { ImagePackages } from './image.ts'

export interface PlanningInput {
  readonly archive: Archive
  readonly rules: DebRules
  /** Advisories that affect a version of a source package. */
  readonly match: (source: string, version: string) => readonly AdvisoryMatch[]
  /** How much one advisory on a source package weighs; `aside` where the user asked about others only. */
  readonly weigh: (source: string, match: AdvisoryMatch) => { readonly weight: number; readonly aside: number }
  /** Packages to bring to what the security suites offer, advisories or not: names, `name:architecture`, or source packages. */
  readonly update: ReadonlySet<string> | 'all'
}

export interface WorldInput extends Omit<PlanningInput, 'update'>, WorldState {
  readonly image: ImagePackages
  /** Keys of the packages that `update` names. */
  readonly updates: ReadonlySet<string>
}

export interface DebWorld extends BuiltWorld {
  /** Per unit id: what it stands for; undefined for what has not been read. */
  readonly items: readonly (DebPackage | undefined)[]
  /** `package@version` of a new unit → what is offered. */
  readonly offers: ReadonlyMap<string, OfferedPackage>
}
