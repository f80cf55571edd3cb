/**
 * Findings as risks: a flaw of a source package at one version is open while any of its binaries is present at that version.
 *
 * Below all findings and above all else there are three more: a package that was asked to be brought up to date wishes to leave the
 * versions below; a package that is not installed is avoided; and so is, a little less, what has not been read.
 */
import type { AdvisoryMatch } from '../../../model/advisory.ts'
import type { Risk } from '../../../model/world.ts'
import { deb } from '../../../versions/deb.ts'
import type { OfferedPackage } from '../package.ts'
import type { WorldDraft } from './build-world.ts'

/** Sorts after whatever a distribution publishes: what affects it, no version is free of. */
const ENDLESS = '2147483647:0'
const UNREAD = 1
const ADDED = 2
const WISH = 1_000_000

export function riskOfUnits({ units, items, ofPackage, input }: Pick<WorldDraft, 'units' | 'items' | 'ofPackage' | 'input'>): Risk[] {
  const risks = new Map<string, Risk & { units: number[]; present: boolean }>()
  const add = (unit: number, source: string, version: string, match: AdvisoryMatch) => {
    const { weight, aside } = input.weigh(source, match)
    if (weight <= 0 && aside <= 0) return
    const finding = `${source}@${version}:${match.group}`
    const present = units[unit]?.locked === true
    const known = risks.get(finding)
    if (known === undefined) risks.set(finding, { finding, group: match.group, weight, aside, units: [unit], present })
    else {
      known.units.push(unit)
      known.present ||= present
    }
  }
  const avoided: Risk[] = []
  items.forEach((item, id) => {
    const { source } = item ?? input.image.slots.get(units[id]?.package ?? '') ?? {}
    const version = item === undefined ? ENDLESS : item.source.version
    if (source !== undefined) for (const match of input.match(source.name, version)) add(id, source.name, version, match)
    if (item === undefined && source !== undefined) avoided.push(asideRisk(`unread ${units[id]?.package}`, UNREAD, [id]))
  })
  for (const [key, own] of ofPackage) if (!input.image.slots.has(key)) avoided.push(asideRisk(`added ${key}`, ADDED, own))
  for (const key of input.updates) {
    const own = ofPackage.get(key) ?? []
    const wanted = wantedVersion(own.map(id => items[id]))
    if (wanted === undefined) continue
    const behind = own.filter(id => deb.compare(items[id]?.version ?? wanted, wanted) < 0)
    avoided.push(asideRisk(`update ${key}`, WISH, behind))
  }
  return [...risks.values(), ...avoided]
}

function asideRisk(name: string, aside: number, units: readonly number[]): Risk {
  return { finding: name, group: name, weight: 0, aside, units, present: false }
}

/** The highest version that a security suite offers. */
function wantedVersion(items: readonly (object | OfferedPackage | undefined)[]): string | undefined {
  const offered = items.flatMap(item => (item !== undefined && isOffered(item) && item.suite.security ? [item.version] : []))
  return offered.sort(deb.compare).at(-1)
}

function isOffered(item: object): item is OfferedPackage {
  return 'suite' in item
}
