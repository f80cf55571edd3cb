/** Which offered versions may enter an image: higher than what is there, and within what the policy allows. */
import type { Policy } from '../../../model/policy.ts'
import { deb } from '../../../versions/deb.ts'
import { inDebPin } from '../../../versions/deb-pin.ts'
import { type InstalledPackage, type OfferedPackage, packageKey } from '../package.ts'
import type { Archive } from './archive.ts'
import { fitsSlot } from './image.ts'

export interface DebRules {
  readonly policy: Policy
  readonly now: Date
  /** Versions that may not enter for a reason found outside the indexes, such as a maintainer script: `name:architecture@version` → why, as the end of "it is …". */
  readonly barred: ReadonlyMap<string, string>
  /** What the image's own apt preferences keep out: why, as the end of "it is …". */
  readonly keptOut?: (offered: OfferedPackage) => Refusal | undefined
}

/** What finishes "it is …". */
export type Refusal = string

/** Packages that stay as they are: dpkg's hold, or the policy's. */
export function holdOf(installed: InstalledPackage, { policy }: Pick<DebRules, 'policy'>): Refusal | undefined {
  if (installed.status?.want === 'hold') return 'on hold in the image (dpkg)'
  return [installed.name, packageKey(installed)].some(name => policy.hold.includes(name)) ? 'held by the policy' : undefined
}

/** Why an offered version may not enter, whatever needs it. */
export function refusalOf(offered: OfferedPackage, rules: DebRules): Refusal | undefined {
  const { policy, barred } = rules
  const key = packageKey(offered)
  const pin = [offered.name, key].flatMap(name => (Object.hasOwn(policy.pin, name) ? (policy.pin[name] ?? []) : []))[0]
  if (pin !== undefined && !inDebPin(offered.version, pin)) return `outside the pin ${pin}`
  if (isYoung(offered, rules) && !policy.coolDown.exceptSecurity) return `younger than the cool-down of ${policy.coolDown.days} days`
  return barred.get(`${key}@${offered.version}`) ?? rules.keptOut?.(offered)
}

/** An index says no date for a version; its suite's is the latest that the version can have been published. */
export function isYoung({ suite }: OfferedPackage, { policy, now }: DebRules): boolean {
  if (policy.coolDown.days <= 0) return false
  return !(now.getTime() - Date.parse(suite.date) >= policy.coolDown.days * 86_400_000)
}

/** The distinct versions among what is offered, ascending; where several indexes have one, a security suite's is taken, else the first. */
export function distinct(offered: readonly OfferedPackage[]): readonly OfferedPackage[] {
  const sorted = offered
    .filter(({ version }) => deb.valid(version))
    .map((item, at) => ({ item, at }))
    .sort(
      (a, b) => deb.compare(a.item.version, b.item.version) || Number(b.item.suite.security) - Number(a.item.suite.security) || a.at - b.at,
    )
  const [first, ...rest] = sorted
  const found = first === undefined ? [] : [first.item]
  for (const { item } of rest) if (deb.compare(item.version, found.at(-1)?.version ?? item.version) !== 0) found.push(item)
  return found
}

/** What the archive has of a name: of its security suites only until the name was looked into. */
export function offeredOf(archive: Archive, name: string, expanded: ReadonlySet<string>): readonly OfferedPackage[] {
  const offered = archive.offered(name)
  return expanded.has(name) ? offered : offered.filter(({ suite }) => suite.security)
}

/** Versions above an installed one, ascending, admissible or not. */
export function newer(offered: readonly OfferedPackage[], installed: InstalledPackage, native: string): readonly OfferedPackage[] {
  if (!deb.valid(installed.version)) return []
  return distinct(offered.filter(item => fitsSlot(item, installed, native))).filter(
    ({ version }) => deb.compare(version, installed.version) > 0,
  )
}
