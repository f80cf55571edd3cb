/**
 * Packages of an image replaced without running anything: their archives, what is installed and the merged files go in, one layer with
 * the paths that change comes out, as dpkg itself would leave them. A package that needs more than Suture can do is refused with the
 * reason and left out as a whole; what depends on it is the planner's question, so whoever gets refusals plans again without them.
 */
import type { FileProvenance, ImageFiles, Layer } from '../../../model/image.ts'
import { readOwnership } from '../ownership.ts'
import { packageKey } from '../package.ts'
import type { DpkgDatabase } from '../read-status.ts'
import { readAccounts } from './accounts.ts'
import { type ChangingPackage, type PackageUpgrade, readChange } from './changing-package.ts'
import { conffilePlaces, settleConffiles } from './conffiles.ts'
import { writeDigests, writeInfo } from './info-files.ts'
import { LayerBuilder } from './layer-builder.ts'
import { readPathFilter } from './path-filter.ts'
import { type ChangedRecord, isStatusFolder, noteAutomatic, writeRecords } from './records.ts'
import { removeOld, removeStaleCompiled } from './removed.ts'
import { obstaclesOf, type Unpacking, unpack } from './unpack.ts'

export type { PackageUpgrade } from './changing-package.ts'

export interface PatchInput {
  readonly files: ImageFiles
  readonly database: DpkgDatabase
  readonly upgrades: readonly PackageUpgrade[]
}

export interface Refusal {
  /** `name:architecture`. */
  readonly package: string
  readonly version: string
  readonly reason: string
}

export interface Note {
  readonly package: string
  readonly text: string
}

export interface DebPatch {
  readonly layer: Layer
  readonly provenance: readonly FileProvenance[]
  readonly refusals: readonly Refusal[]
  readonly notes: readonly Note[]
}

/** Makes the layer. Throws `deb-invalid` for an archive that is none or not the one it should be, `dpkg-status-invalid` for a broken database. */
export async function patchPackages({ files, database, upgrades }: PatchInput): Promise<DebPatch> {
  const ownership = await readOwnership(files, database)
  const diversions = new Map(database.diversions.map(diversion => [diversion.from, diversion]))
  const surroundings = { files, diversions, leftOut: await readPathFilter(files) }
  const changes: ChangingPackage[] = []
  for (const upgrade of upgrades) {
    const listed = upgrade.from === undefined ? [] : ownership.listed(packageKey(upgrade.from))
    changes.push(await readChange(upgrade, listed, surroundings))
  }
  const builder = new LayerBuilder(files)
  const { records, refusals, notes } = await applyContents(changes, builder, { files, database })
  const accepted = records.map(({ change }) => change)
  const kept = new Set(records.flatMap(({ conffiles }) => conffiles.filter(({ obsolete }) => obsolete).map(({ path }) => path.slice(1))))
  const keys = new Set(accepted.map(({ key }) => key))
  const unchanged = database.packages.map(item => ({ key: packageKey(item), name: item.name })).filter(({ key }) => !keys.has(key))
  const removal = { files, diversions, builder, ownership, unchanged }
  removeOld(accepted, kept, removal)
  removeStaleCompiled(builder, path => ownership.owners(path)[0] ?? accepted[0]?.key ?? '', removal)
  const recording = { files, builder, database }
  const places = await writeRecords(records, recording)
  for (const { change, conffiles } of records) {
    const place = places.get(change.key) ?? ''
    const obsolete = conffiles.filter(item => item.obsolete).map(({ path }) => path.slice(1))
    if (isStatusFolder(place)) await writeDigests(change, place, builder)
    else await writeInfo(change, obsolete, recording)
  }
  await noteAutomatic(accepted, recording)
  return { ...(await builder.finish()), refusals, notes }
}

async function applyContents(
  changes: readonly ChangingPackage[],
  builder: LayerBuilder,
  { files, database }: Pick<PatchInput, 'files' | 'database'>,
): Promise<{ readonly records: ChangedRecord[]; readonly refusals: Refusal[]; readonly notes: Note[] }> {
  const places = changes.flatMap(change => [...change.places.values()]).filter(place => files.get(place)?.type === 'file')
  const unpacking: Unpacking = {
    files,
    builder,
    accounts: await readAccounts(files),
    statOverrides: database.statOverrides,
    digests: await files.digests(new Set(places)),
  }
  const conffileContents = await files.read(new Set(changes.flatMap(change => conffilePlaces(change, unpacking))))
  const records: ChangedRecord[] = []
  const refusals: Refusal[] = []
  const notes: Note[] = []
  for (const change of changes) {
    const obstacles = obstaclesOf(change, unpacking)
    for (const reason of obstacles) refusals.push({ package: change.key, version: change.to.version, reason })
    if (obstacles.length > 0) continue
    unpack(change, unpacking)
    const settled = settleConffiles(change, conffileContents, unpacking)
    for (const text of settled.notes) notes.push({ package: change.key, text })
    records.push({ change, conffiles: settled.recorded })
  }
  return { records, refusals, notes }
}
