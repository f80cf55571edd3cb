/** What is checked of a patched image before it is written, read afresh from the bytes that would be. */

import type { DebInventory } from '../../../ecosystems/deb/inventory.ts'
import { packageKey } from '../../../ecosystems/deb/package.ts'
import { newDefects } from '../../../ecosystems/deb/plan/check.ts'
import { readImage } from '../../../ecosystems/deb/plan/image.ts'
import { changedPaths } from '../../../images/merged-files.ts'
import { Fault } from '../../../model/faults.ts'
import type { Finding } from '../../../model/finding.ts'
import type { ImageFiles } from '../../../model/image.ts'
import type { Component, Inventory } from '../../../model/inventory.ts'
import type { Receipt } from '../../../model/receipt.ts'
import { count } from '../../words.ts'
import { isForeign, languageComponents } from './languages.ts'
import type { PlatformSession } from './platform-session.ts'
import type { Settled } from './settle.ts'

type Check = Receipt['verification'][number]

export interface Proof {
  readonly checks: readonly Check[]
  /** Read afresh: Debian packages, then all that languages' tools brought. */
  readonly inventory: Inventory
  /** What is known against that. */
  readonly findings: readonly Finding[]
}

/** Throws `verification-failed` with what does not hold. */
export function proofOf(
  session: PlatformSession,
  { draft, base, patch }: Settled,
  after: { readonly files: ImageFiles; readonly inventory: DebInventory | undefined },
): Proof {
  const { inventory } = after
  if (inventory === undefined || patch === undefined) throw failed('the patched image has no package database')
  const touched = new Set(patch.layer.entries.map(({ path }) => path))
  const packages = new Map(patch.provenance.map(file => [file.path, file.package]))
  const ownerOf = (path: string) => packages.get(path) ?? session.languages.owners.get(path) ?? (touched.has(path) ? '' : undefined)
  const bundledOrNot = languageComponents(after.files, ownerOf)
  const installed = bundledOrNot.filter(isForeign)
  const languages = new Set(session.languages.components)
  const planned = new Map([
    ...versions(draft.after.components.filter(component => !languages.has(component))),
    ...versions(languageComponents(session.image.files, ownerOf).filter(isForeign)),
  ])
  const found = new Map([...versions(inventory.components), ...versions(installed)])
  for (const location of new Set([...planned.keys(), ...found.keys()])) {
    const [want, have] = [planned.get(location), found.get(location)]
    if (want !== have) throw failed(`${location} was planned at ${want ?? 'nothing'} and is at ${have ?? 'nothing'}`)
  }
  const before = session.findings(session.inventory)
  const whole = { ...inventory, components: [...inventory.components, ...bundledOrNot] }
  const left = session.findings(whole)
  const open = new Set(left.map(({ id }) => id))
  // A flaw that the new version has as well is known by another id, and has not gone.
  const stays = new Set(left.map(({ name, group }) => `${name} ${group}`))
  const gone = before.filter(({ name, group }) => !stays.has(`${name} ${group}`)).length
  const claimed = draft.plan.findings.find(({ finding, outcome }) => outcome === 'fixed' && open.has(finding.id))
  if (claimed !== undefined) throw failed(`${claimed.finding.id} is still there`)
  const broken = newDefects(
    readImage(session.database.packages, session.database.native),
    new Map(inventory.database.packages.map(item => [packageKey(item), item])),
  )
  if (broken.length > 0) throw failed(`needs are broken: ${broken.map(({ keys }) => keys.join(' and ')).join(', ')}`)
  const checks: readonly Check[] = [
    { check: 'fresh scan', result: 'passed', detail: `${count(gone, 'finding')} gone, ${left.length} left` },
    { check: 'every need is met', result: 'passed', detail: `${inventory.components.length} packages, none worse served than before` },
    ...(installed.length === 0
      ? []
      : [{ check: 'what other installers brought', result: 'passed' as const, detail: `${installed.length} components as they were` }]),
    {
      check: 'files outside the change',
      result: 'passed',
      detail: `${unchanged(base.files, after.files, touched)} paths as they were`,
    },
  ]
  return { checks, inventory: whole, findings: left }
}

function versions(components: readonly Component[]): readonly (readonly [string, string])[] {
  return components.map(({ location, version }) => [location, version])
}

/** How many paths are the same on both sides. What the layer touches, and what lies below it, may differ. */
function unchanged(before: ImageFiles, after: ImageFiles, touched: ReadonlySet<string>): number {
  const changed = changedPaths(before, after)
  const stray = changed.find(path => !isTouched(path, touched))
  if (stray !== undefined) {
    const what = before.get(stray) === undefined ? 'came in' : after.get(stray) === undefined ? 'went' : 'changed'
    throw failed(`${stray} ${what}, and no plan says so`)
  }
  return [...before.paths()].length - changed.filter(path => before.get(path) !== undefined).length
}

function isTouched(path: string, touched: ReadonlySet<string>): boolean {
  for (let at = path; at !== ''; at = at.slice(0, Math.max(0, at.lastIndexOf('/')))) if (touched.has(at)) return true
  return false
}

function failed(what: string): Fault {
  return new Fault('verification-failed', `The patched image is not what was planned: ${what}.`)
}
