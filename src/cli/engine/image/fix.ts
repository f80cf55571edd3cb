/** Makes the patched image, proves it before it is written, writes it and its receipt. */
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { readDebInventory } from '../../../ecosystems/deb/inventory.ts'
import { artefactFor } from '../../../images/artefact.ts'
import { needsOciTypes, withOciTypes } from '../../../images/oci-types.ts'
import { type PlatformPatch, type PlatformPatched, patchedImage } from '../../../images/patched.ts'
import { unwrittenSource } from '../../../images/unwritten-source.ts'
import { wholeImage } from '../../../images/whole-image.ts'
import { Fault } from '../../../model/faults.ts'
import type { BlobDigest, Descriptor, RawDocument } from '../../../model/image.ts'
import type { Plan } from '../../../model/plan.ts'
import type { ImageReceipt, Receipt } from '../../../model/receipt.ts'
import { ENVELOPE_TYPE, signingKey } from '../../../record/envelope.ts'
import { makeReceipt, sealReceipt } from '../../../record/receipt.ts'
import type { EngineWorld, FixRequest, FixResult } from '../../engine.ts'
import { count } from '../../words.ts'
import { checkAsked } from './asked.ts'
import { platformPatch } from './derive.ts'
import { evidenceOf, type PlatformEvidence, unchangedEvidence } from './evidence.ts'
import type { PlatformSession } from './platform-session.ts'
import { proofOf } from './proof.ts'
import { provenanceOf } from './provenance.ts'
import { type Settled, settle } from './settle.ts'
import { type ImageTarget, openTarget } from './target.ts'
import type { OfImage } from './verbs.ts'
import { writeEvidence } from './write-evidence.ts'

interface Changed {
  readonly session: PlatformSession
  readonly settled: Settled & { readonly patch: NonNullable<Settled['patch']> }
}

export async function fixImage(world: EngineWorld, request: OfImage<FixRequest>): Promise<FixResult> {
  if (request.commit || request.test !== undefined)
    throw new Fault('usage', `${request.commit ? '--commit' : '--test'} is for repositories; an image is one layer.`)
  const target = await openTarget(world, request, 'files')
  try {
    checkAsked(target.platforms, request.only, request.image.update)
    return await fixTarget(world, request, target)
  } finally {
    await target.close()
  }
}

async function fixTarget(world: EngineWorld, request: OfImage<FixRequest>, target: ImageTarget): Promise<FixResult> {
  const output = outputOf(request, target)
  // A reference that nothing can be written to is refused before any work.
  const sink = request.dryRun ? undefined : await target.places.sink(output)
  const plans: Plan[] = []
  const changed: Changed[] = []
  for (const session of target.platforms) {
    const settled = await settle(session, request, false)
    plans.push(settled.draft.plan)
    const { patch } = settled
    if (patch !== undefined && patch.layer.entries.length > 0) changed.push({ session, settled: { ...settled, patch } })
  }
  const [first, ...others] = plans
  if (first === undefined) throw new Fault('internal', 'No platform was planned for.')
  const original = await wholeImage(target.source)
  const notes = [...target.notes, ...first.notes]
  const nothing: FixResult = {
    plan: { ...first, notes },
    others,
    written: false,
    signed: false,
    verification: [],
    commits: [],
    rejected: [],
  }
  if (changed.length === 0) return nothing

  const patches: PlatformPatch[] = []
  for (const { session, settled } of changed) {
    const { patch, upgrades, replaceTop } = settled
    patches.push(await platformPatch({ image: session.image, layer: patch.layer, upgrades, replaceTop, toolVersion: world.toolVersion }))
  }
  const made = patchedImage(original, patches)
  const patched = needsOciTypes(request.image.reference, output) ? withOciTypes(made) : made
  notes.push(...(await referrersNote(target, [original.root, ...patched.platforms.map(({ before }) => before)])))
  const result = { ...nothing, plan: { ...first, notes: [...notes, ...patched.notes] } }
  const source = unwrittenSource(patched.image, target.source)
  const verification: Receipt['verification'][number][] = []
  const proven = new Map<PlatformSession, PlatformEvidence>()
  for (const { session, settled } of changed) {
    world.progress({ doing: 'Reading the result afresh' })
    const image = await target.places.open(source, session.image.platform, 'files')
    const inventory = await readDebInventory(image.files, request.image.reference)
    const proof = proofOf(session, settled, { files: image.files, inventory })
    verification.push(...proof.checks)
    proven.set(session, { session, image, now: proof })
  }
  const layers = changed.map(({ session, settled }, at) => layerOf(session, settled, patched.platforms[at]))
  const { digest } = patched.image.root.descriptor
  const image = { reference: output, digest, before: original.root.descriptor.digest, layers, evidence: [], bytesWritten: 0 }
  if (sink === undefined) return { ...result, image, verification }

  const pem = request.key === undefined ? undefined : await readKey(request.key)
  const before = await pointsTo(target, output)
  const receipt = makeReceipt({
    toolVersion: world.toolVersion,
    now: world.now,
    target: request.image.reference,
    files: [],
    edits: [],
    image: {
      from: { reference: request.image.reference, digest: original.root.descriptor.digest },
      to: { reference: output, digest, ...(before === undefined ? {} : { before }) },
      documents: documentsOf([original.root, ...original.documents]),
      platforms: changed.map(({ session, settled }, at) => platformOf(session, settled, patched.platforms[at])),
    },
    changes: changed.flatMap(({ settled }) => settled.draft.plan.changes),
    origins: [],
    advisories: first.advisories,
    verification,
  })
  const { path, text } = sealReceipt(receipt, pem === undefined ? undefined : signingKey(pem))
  const root = patched.image.root.descriptor
  const evidence = await evidenceOf({
    receipt: path,
    timestamp: receipt.created,
    toolVersion: world.toolVersion,
    reference: sink.reference,
    workingFolder: world.workingFolder,
    inRegistry: (await target.places.inRegistry(output))?.named,
    root,
    platforms: target.platforms.map(session => proven.get(session) ?? unchangedEvidence(session)),
  })
  const attached = request.attach ? [{ subject: root, mediaType: ENVELOPE_TYPE, path, text }, ...evidence] : []
  const referrers = attached.map(item => artefactFor(item.subject, { ...item, name: basename(item.path) }))
  // These stand first: should the process be killed in between, they name an image that is not there, and not the reverse.
  const takeBack = await writeEvidence(request.folder, [{ path, text }, ...evidence])
  world.progress({ doing: `Writing ${output}` })
  const written = await sink.write({ ...patched.image, referrers }).catch(async (fault: unknown) => {
    await takeBack()
    throw fault
  })
  return {
    ...result,
    plan: { ...result.plan, notes: [...result.plan.notes, ...attachedNote(referrers.map(({ manifest }) => manifest.descriptor))] },
    written: true,
    receipt: path,
    signed: pem !== undefined,
    verification,
    image: { ...image, evidence: evidence.map(file => file.path), bytesWritten: written.bytesWritten },
  }
}

/** Registries are what others pull from: nothing is replaced there unless it is said. */
function outputOf({ output, dryRun, image }: OfImage<FixRequest>, { places }: ImageTarget): string {
  if (output !== undefined) return output
  if (places.isLocal(image.reference) || dryRun) return image.reference
  throw new Fault('usage', `Nothing says where the patched ${image.reference} goes.`, {
    hint: 'Name it with --output registry/repository:tag; the same name replaces the tag.',
  })
}

async function pointsTo({ places }: ImageTarget, reference: string): Promise<ImageReceipt['to']['before']> {
  const source = await places.source(reference)
  try {
    const { mediaType, digest, size } = (await source.root()).descriptor
    return { digest, mediaType, size }
  } catch (fault) {
    if (fault instanceof Fault && fault.code === 'image-not-found') return undefined
    throw fault
  } finally {
    await source.close()
  }
}

/** Signatures and attestations hold for a digest, so the patched image cannot keep them; they are named, and stay where they are. */
async function referrersNote({ source }: ImageTarget, documents: readonly RawDocument[]): Promise<readonly string[]> {
  const found = new Map<BlobDigest, Descriptor>()
  for (const digest of new Set(documents.map(({ descriptor }) => descriptor.digest)))
    for (const referrer of await source.referrers(digest)) found.set(referrer.digest, referrer)
  if (found.size === 0) return []
  const digests = [...found.keys()].join(', ')
  return [`${count(found.size, 'referrer')} (signatures, attestations) of the image before the patch stay with it: ${digests}.`]
}

function attachedNote(referrers: readonly Descriptor[]): readonly string[] {
  if (referrers.length === 0) return []
  const digests = referrers.map(({ digest }) => digest).join(', ')
  return [`The receipt and the documents beside it are attached to the image as referrers: ${digests}.`]
}

async function readKey(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new Fault('key-invalid', `${path} cannot be read.`, { cause })
  }
}

function documentsOf(documents: readonly RawDocument[]): ImageReceipt['documents'] {
  const entries = documents.map(({ descriptor, bytes }) => {
    return [descriptor.digest, { mediaType: descriptor.mediaType, base64: Buffer.from(bytes).toString('base64') }] as const
  })
  return Object.fromEntries(entries)
}

function layerOf({ inventory }: PlatformSession, { patch }: Changed['settled'], patched: PlatformPatched | undefined) {
  if (patched === undefined) throw new Fault('internal', 'A platform has no patch.')
  const { digest, size } = patched.layer
  return { platform: inventory.target.platform ?? '', digest, diffId: patched.lineage.diffId, size, files: patch.layer.entries.length }
}

function platformOf(
  session: PlatformSession,
  settled: Changed['settled'],
  patched: PlatformPatched | undefined,
): ImageReceipt['platforms'][number] {
  if (patched === undefined) throw new Fault('internal', 'A platform has no patch.')
  return {
    platform: session.inventory.target.platform ?? '',
    manifestBefore: patched.before.descriptor.digest,
    manifestAfter: patched.manifest.descriptor.digest,
    layer: { digest: patched.layer.digest, diffId: patched.lineage.diffId, size: patched.layer.size },
    replaced: patched.replaced,
    skippedScripts: session.request.allowScripts,
    files: settled.patch.provenance,
    packages: settled.upgrades.map(provenanceOf),
  }
}
