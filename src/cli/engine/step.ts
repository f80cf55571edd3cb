/** One act on the files: some locations of a planned tree become real, with edits, verification and receipt. */
import { sha256Of } from '../../apply/write-files.ts'
import { withOnly } from '../../ecosystems/npm/changes.ts'
import { newDefects } from '../../ecosystems/npm/check-tree.ts'
import { inventoryOf } from '../../ecosystems/npm/inventory.ts'
import { type Manifest, readManifest } from '../../ecosystems/npm/manifest.ts'
import { manifestEdits } from '../../ecosystems/npm/manifest-edits.ts'
import { differenceOf, lockPatch, manifestsNeeded, type TreeDifference } from '../../ecosystems/npm/patch.ts'
import { readLock } from '../../ecosystems/npm/read-lock.ts'
import type { FullManifest } from '../../ecosystems/npm/registry/read-manifest.ts'
import type { Repository } from '../../ecosystems/npm/repository.ts'
import type { Tree } from '../../ecosystems/npm/tree.ts'
import type { Edit, PatchedFile } from '../../model/edit.ts'
import { Fault } from '../../model/faults.ts'
import type { ReceiptOrigin } from '../../model/receipt.ts'
import { applyEdits, editsOf } from '../../text/edits.ts'
import { checkOutside } from '../../verify/compare.ts'
import type { VerificationStep } from '../../verify/step.ts'
import { count } from '../words.ts'
import type { PlanDraft } from './planner.ts'
import type { Session } from './session.ts'

export interface Step {
  readonly repository: Repository
  readonly files: readonly PatchedFile[]
  readonly edits: readonly Edit[]
  readonly difference: TreeDifference
  readonly verification: readonly VerificationStep[]
  readonly origins: readonly ReceiptOrigin[]
}

/** The step that makes only `locations` of the draft's result real, starting from the files of `repository`. */
export async function stepFor(
  session: Session,
  draft: PlanDraft,
  repository: Repository,
  from: Tree,
  locations: Iterable<string>,
): Promise<Step> {
  const { realised } = draft.proposal
  const catalogue = await session.catalogue()
  const after = withOnly(from, realised.tree, locations)
  const difference = differenceOf(from, after)
  const needed = manifestsNeeded(after, difference)
  const manifests = new Map<string, FullManifest>()
  const fetch = async (wanted: typeof needed) => {
    for (const manifest of await catalogue.manifests(wanted)) manifests.set(`${manifest.name}@${manifest.version}`, manifest)
  }
  await fetch(needed)
  const { edits: inManifest, written } = manifestEdits(repository, realised.revisions)
  const input = { repository, before: from, after, difference, manifests, manifestEdits: written, bundleOf: draft.planning.bundleOf }
  let inLock = lockPatch(input)
  if (repository.lock.version < 3 && realised.revisions.some(({ kind }) => kind === 'override')) {
    // Older locks repeat every range as overrides leave it, also where nothing else changes.
    const reread = treeOf(draft, withFiles(repository, patchedFiles(repository, [...inLock, ...inManifest])))
    const restated = restatedNeeds(from, reread)
    const both = { set: [...new Set([...difference.set, ...restated])].sort(), removed: difference.removed }
    await fetch(manifestsNeeded(reread, both))
    inLock = lockPatch({ ...input, after: reread, difference: both })
  }
  const edits = [...inLock, ...inManifest]
  const files = patchedFiles(repository, edits)
  const verification = [
    checkOutside(files, edits),
    ...verify(session, draft, repository, files, from, after),
    checkIntegrity(difference, needed.length, manifests),
  ]
  const origins = needed.map(({ name, version }): ReceiptOrigin => {
    const integrity = manifests.get(`${name}@${version}`)?.dist.integrity
    const metadataSha256 = catalogue.metadataDigest(name)
    return { name, version, metadataSha256: metadataSha256 ?? sha256Of(''), ...(integrity === undefined ? {} : { integrity }) }
  })
  return { repository, files, edits, difference, verification, origins }
}

function patchedFiles(repository: Repository, edits: readonly Edit[]): readonly PatchedFile[] {
  const { lock, manifest, workspaces } = repository
  const texts = [lock, ...(manifest === undefined ? [] : [manifest]), ...workspaces.values()]
  return texts.flatMap(({ file, text }) => patched(file, text, edits))
}

/** Places whose needs hold with other ranges than before, though they stay the same version. */
function restatedNeeds(before: Tree, after: Tree): readonly string[] {
  return [...after.values()].flatMap(({ location, needs, bundledBy }) => {
    const was = before.get(location)
    const restated =
      was !== undefined &&
      bundledBy === undefined &&
      needs.some(({ name, range }) => was.needs.some(need => need.name === name && need.range !== range))
    return restated && location.includes('node_modules/') ? [location] : []
  })
}

function patched(path: string, before: string, edits: readonly Edit[]): PatchedFile[] {
  const own = editsOf(path, edits)
  if (own.length === 0) return []
  const after = applyEdits(before, own)
  return [{ path, before, after, beforeSha256: sha256Of(before), afterSha256: sha256Of(after) }]
}

/** The files as they would be, read anew: the same tree, no need broken, and nothing open that the plan calls fixed. */
function verify(
  session: Session,
  draft: PlanDraft,
  repository: Repository,
  files: readonly PatchedFile[],
  from: Tree,
  after: Tree,
): VerificationStep[] {
  const repositoryAfter = withFiles(repository, files)
  const reread = treeOf(draft, repositoryAfter)
  const strange = [...differenceOf(after, reread).set, ...differenceOf(after, reread).removed]
  if (strange.length > 0)
    throw new Fault(
      'verification-failed',
      `The written lock would say something else about ${strange.slice(0, 3).join(', ')} than was planned.`,
    )
  const [defect] = newDefects(from, reread)
  if (defect !== undefined)
    throw new Fault(
      'verification-failed',
      `${defect.location || 'The project'} would no longer be served with ${defect.name}: ${defect.detail}.`,
    )
  const open = new Set(session.findings(inventoryOf(repositoryAfter, reread)).map(({ id }) => id))
  const planned = new Set(session.findings(inventoryOf(repositoryAfter, after)).map(({ id }) => id))
  const extra = [...open].filter(id => !planned.has(id))
  if (extra.length > 0) throw new Fault('verification-failed', `A fresh scan would still find ${extra.slice(0, 3).join(', ')}.`)
  return [
    { check: 'every need is met', result: 'passed', detail: `${count(reread.size, 'entry', 'entries')}, none worse served than before` },
    { check: 'fresh scan', result: 'passed', detail: `${count(open.size, 'finding stays', 'findings stay')}, as planned` },
  ]
}

export function treeOf(draft: PlanDraft, repository: Repository): Tree {
  return draft.planning.treeOf(repository)
}

export function withFiles(repository: Repository, files: readonly PatchedFile[]): Repository {
  const text = (path: string) => files.find(file => file.path === path)?.after
  const lock = text(repository.lock.file)
  const reread = (manifest: Manifest): Manifest => {
    const after = text(manifest.file)
    return after === undefined ? manifest : readManifest(manifest.file, after)
  }
  return {
    ...repository,
    lock: lock === undefined ? repository.lock : readLock(repository.lock.file, lock),
    manifest: repository.manifest === undefined ? undefined : reread(repository.manifest),
    workspaces: new Map([...repository.workspaces].map(([location, manifest]) => [location, reread(manifest)])),
  }
}

function checkIntegrity(difference: TreeDifference, versions: number, manifests: ReadonlyMap<string, FullManifest>): VerificationStep {
  const without = [...manifests.values()].find(({ dist }) => dist.integrity === undefined && dist.shasum === undefined)
  if (without !== undefined)
    throw new Fault('verification-failed', `The registry gives no integrity value for ${without.name}@${without.version}.`)
  return {
    check: 'integrity values',
    result: 'passed',
    detail: `${count(difference.set.length, 'entry carries', 'entries carry')} what the registry states for ${count(versions, 'version')}`,
  }
}
