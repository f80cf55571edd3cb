/**
 * Packages of an image replaced without running anything: their archives, what is installed and the merged files go in, one layer with
 * the paths that change comes out, as dpkg itself would leave them. A package that needs more than can be done so is refused with the
 * reason and left out as a whole; what depends on it is the planner's question, so whoever gets refusals plans again without them.
 */
import type { FileProvenance, ImageFiles, Layer } from '../../../model/image.ts'
import { type Ownership, readOwnership } from '../ownership.ts'
import { packageKey } from '../package.ts'
import type { DpkgDatabase } from '../read-status.ts'
import { type Accounts, readAccounts } from './accounts.ts'
import { type ChangingPackage, type PackageUpgrade, readChange } from './changing-package.ts'
import { conffilePlaces, settleConffiles } from './conffiles.ts'
import { conffileObstacles, conffilesGivenUp, type GivenUp, giveUp, rename } from './given-up.ts'
import { certificateHooks } from './handlers/certificate-hooks.ts'
import { runHandlers } from './handlers/run-handlers.ts'
import { writeDigests, writeInfo } from './info-files.ts'
import { infoPath, type Judged, judgeScripts, type ScriptVerdict, textsToRead } from './judge-scripts.ts'
import { LayerBuilder } from './layer-builder.ts'
import { readPathFilter } from './path-filter.ts'
import { type ChangedRecord, isStatusFolder, noteAutomatic, writeRecords } from './records.ts'
import { removeOld, removeStaleCompiled } from './removed.ts'
import { applyChanges } from './scripts/apply-changes.ts'
import { type Interests, readInterests, writeInterests } from './triggers.ts'
import { obstaclesOf, type Unpacking, unpack } from './unpack.ts'

export type { PackageUpgrade } from './changing-package.ts'
export type { ScriptVerdict } from './judge-scripts.ts'

export interface PatchInput {
  readonly files: ImageFiles
  readonly database: DpkgDatabase
  readonly upgrades: readonly PackageUpgrade[]
  /** Names, or keys (`name:architecture`), of packages whose scripts may be skipped although they would do something. */
  readonly allowScripts?: ReadonlySet<string>
}

export interface Refusal {
  /** `name:architecture`. */
  readonly package: string
  readonly version: string
  /** The script that would have to run; absent where something else stands in the way. */
  readonly script?: string
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
  /** Every maintainer script that the changes would have called and that does something by its text. */
  readonly scripts: readonly ScriptVerdict[]
}

/** What all passes share: everything that is read from the image at the start. */
interface Ground {
  readonly files: ImageFiles
  readonly database: DpkgDatabase
  readonly ownership: Ownership
  readonly accounts: Accounts
  readonly interests: Interests
  readonly digests: Unpacking['digests']
  /** Contents of small files of the image by path. */
  readonly contents: ReadonlyMap<string, Uint8Array>
  readonly allowed: (key: string) => boolean
}

/** Makes the layer. Throws `deb-invalid` for an archive that is none or not the one it should be, `dpkg-status-invalid` for a broken database. */
export async function patchPackages({ files, database, upgrades, allowScripts = new Set() }: PatchInput): Promise<DebPatch> {
  const ownership = await readOwnership(files, database)
  const surroundings = { files, diversions: diversionsOf(database), leftOut: await readPathFilter(files) }
  const all: ChangingPackage[] = []
  for (const upgrade of upgrades) {
    const listed = upgrade.from === undefined ? [] : ownership.listed(packageKey(upgrade.from))
    all.push(await readChange(upgrade, listed, surroundings))
  }
  const interests = await readInterests(files)
  const places = all.flatMap(change => [...change.places.values()]).filter(place => files.get(place)?.type === 'file')
  const wanted = [...all.flatMap(change => conffilePlaces(change, { files })), ...textsToRead(all, interests, files)]
  const ground: Ground = {
    files,
    database,
    ownership,
    interests,
    accounts: await readAccounts(files),
    digests: await files.digests(new Set(places)),
    contents: await files.read(new Set(wanted)),
    allowed: key => allowScripts.has(key) || allowScripts.has(key.replace(/:.*$/, '')),
  }
  const refusals: Refusal[] = []
  const scripts = new Map<string, ScriptVerdict>()
  const givenUp = new Map<string, readonly GivenUp[]>()
  for (let changes = all; ; ) {
    const pass = await onePass(changes, givenUp, ground)
    refusals.push(...pass.refusals)
    for (const verdict of pass.judged.verdicts) scripts.set(`${verdict.package} ${verdict.script}`, verdict)
    const refused = new Set(pass.refusals.map(refusal => refusal.package))
    const fresh = changes.flatMap(change => {
      const given = conffilesGivenUp(change, pass.judged.changes.get(change.key))
      return givenUp.has(change.key) || given.length === 0 ? [] : [{ key: change.key, given }]
    })
    if (refused.size === 0 && fresh.length === 0) {
      const finished = await pass.finish()
      return { ...finished, refusals, notes: pass.notes, scripts: [...scripts.values()] }
    }
    for (const { key, given } of fresh) givenUp.set(key, given)
    changes = changes.filter(({ key }) => !refused.has(key))
  }
}

function diversionsOf({ diversions }: DpkgDatabase) {
  return new Map(diversions.map(diversion => [diversion.from, diversion]))
}

interface Pass {
  readonly refusals: readonly Refusal[]
  readonly notes: readonly Note[]
  readonly judged: Judged
  finish(): Promise<{ readonly layer: Layer; readonly provenance: readonly FileProvenance[] }>
}

async function onePass(
  changes: readonly ChangingPackage[],
  givenUp: ReadonlyMap<string, readonly GivenUp[]>,
  ground: Ground,
): Promise<Pass> {
  const { files, database, ownership, accounts, interests } = ground
  const builder = new LayerBuilder(files)
  const diversions = diversionsOf(database)
  const unpacking: Unpacking = { files, builder, accounts, statOverrides: database.statOverrides, digests: ground.digests }
  const [refusals, notes, records]: [Refusal[], Note[], ChangedRecord[]] = [[], [], []]
  for (const change of changes) {
    for (const reason of obstaclesOf(change, unpacking)) refusals.push({ package: change.key, version: change.to.version, reason })
    const given = givenUp.get(change.key) ?? []
    const backedUp = giveUp(change, given, { ...ground, builder })
    unpack(change, unpacking)
    const settled = settleConffiles(change, ground.contents, unpacking)
    const renamed = rename(change, given, { ...ground, builder })
    for (const text of [...backedUp, ...settled.notes, ...renamed]) notes.push({ package: change.key, text })
    records.push({ change, conffiles: settled.recorded })
  }
  const kept = new Set(records.flatMap(({ conffiles }) => conffiles.filter(({ obsolete }) => obsolete).map(({ path }) => path.slice(1))))
  const keys = new Set(changes.map(({ key }) => key))
  const unchanged = database.packages.map(item => ({ key: packageKey(item), name: item.name })).filter(({ key }) => !keys.has(key))
  const removal = { files, diversions, builder, ownership, unchanged }
  removeOld(changes, kept, removal)
  const texts = new Map([...ground.contents].map(([path, content]) => [path, Buffer.from(content).toString('utf8')]))
  const judged = await judgeScripts(changes, { files, builder, database, accounts, interests, texts })
  for (const { package: key, script, verdict } of judged.verdicts) {
    if (verdict.class !== 'needs-execution') continue
    const version = changes.find(change => change.key === key)?.to.version ?? ''
    if (ground.allowed(key)) notes.push({ package: key, text: `${script} was skipped as allowed: ${verdict.why}` })
    else refusals.push({ package: key, version, script, reason: verdict.why })
  }
  const hooks = await toldOfAuthorities(changes, judged, ground)
  refusals.push(...conffileRefusals(changes, judged, ground), ...hooks.refusals)
  notes.push(...hooks.notes)
  return {
    refusals,
    notes,
    judged,
    async finish() {
      const [first] = changes
      if (first === undefined) return { layer: { entries: [] }, provenance: [] }
      for (const change of changes) await applyChanges(judged.changes.get(change.key) ?? [], files, builder, change.key, change.newest)
      removeStaleCompiled(builder, path => ownership.owners(path)[0] ?? first.key, removal)
      notes.push(...(await runHandlers(judged.handlers, changes, builder)))
      await writeDatabase(records, unpacking, ground, texts)
      return builder.finish()
    },
  }
}

/** Changed authorities may have to be told to programs of the image, which nobody runs here. */
async function toldOfAuthorities(changes: readonly ChangingPackage[], { verdicts }: Judged, { files, database, allowed }: Ground) {
  const [refusals, notes]: [Refusal[], Note[]] = [[], []]
  for (const change of changes) {
    const { key, to } = change
    const renews = verdicts.some(({ package: asking, verdict }) => {
      return asking === key && verdict.class === 'handled' && verdict.handlers.includes('ca-certificates')
    })
    if (!renews) continue
    const { inTheWay, notes: told } = await certificateHooks(change, files, database)
    const [hook] = allowed(key) ? [] : inTheWay
    notes.push(...told.map(text => ({ package: key, text })))
    if (hook !== undefined)
      refusals.push({ package: key, version: to.version, script: hook, reason: `${hook} would be run for changed authorities` })
  }
  return { refusals, notes }
}

function conffileRefusals(changes: readonly ChangingPackage[], { changes: found }: Judged, ground: Ground): Refusal[] {
  return changes.flatMap(change =>
    conffileObstacles(change, conffilesGivenUp(change, found.get(change.key)), ground).map(reason => ({
      package: change.key,
      version: change.to.version,
      script: 'postinst',
      reason,
    })),
  )
}

async function writeDatabase(
  records: readonly ChangedRecord[],
  { files, builder }: Unpacking,
  { database, interests }: Ground,
  texts: ReadonlyMap<string, string>,
) {
  const recording = { files, builder, database }
  const places = await writeRecords(records, recording)
  const changes = records.map(({ change }) => change)
  for (const { change, conffiles } of records) {
    const place = places.get(change.key) ?? ''
    const obsolete = conffiles.filter(item => item.obsolete).map(({ path }) => path.slice(1))
    if (isStatusFolder(place)) await writeDigests(change, place, builder)
    else await writeInfo(change, obsolete, recording)
  }
  const before = ({ from }: ChangingPackage) =>
    from === undefined ? '' : (texts.get(infoPath(files, from.name, from.architecture, 'triggers')) ?? '')
  const inStatus = changes.filter(({ key }) => !isStatusFolder(places.get(key) ?? ''))
  await writeInterests(inStatus, before, files, builder, interests)
  await noteAutomatic(changes, recording)
}
