/** What is told of a patched image beside its receipt: one OpenVEX document, and a CycloneDX and an SPDX bill of materials for each platform. */
import { createHash } from 'node:crypto'
import { basename, resolve } from 'node:path'
import { readDebInventory } from '../../../ecosystems/deb/inventory.ts'
import { parseLocalReference, type RegistryReference } from '../../../images/reference.ts'
import { Fault } from '../../../model/faults.ts'
import type { Finding } from '../../../model/finding.ts'
import type { Descriptor, OpenImage } from '../../../model/image.ts'
import { cycloneDx } from '../../../reports/cyclonedx.ts'
import { cveIn, type FixedFlaw, openVex } from '../../../reports/open-vex.ts'
import type { ReportedImage } from '../../../reports/reported-image.ts'
import { spdx } from '../../../reports/spdx.ts'
import { compareFindings } from '../planned-findings.ts'
import type { PlatformSession } from './platform-session.ts'
import type { Proof } from './proof.ts'

export interface EvidenceInput {
  /** Path of the receipt, which the documents are named after. */
  readonly receipt: string
  /** When the receipt was made. */
  readonly timestamp: string
  readonly toolVersion: string
  /** Where the image goes; folders and files of it are taken from the working folder. */
  readonly reference: string
  readonly workingFolder: string
  /** What the reference says, with what this machine adds to it, where it is in a registry. */
  readonly inRegistry: RegistryReference | undefined
  /** What the reference will point to. */
  readonly root: Descriptor
  readonly platforms: readonly PlatformEvidence[]
}

/** One platform, before and after. */
export interface PlatformEvidence {
  readonly session: PlatformSession
  /** The result, opened afresh where it is another image than before. */
  readonly image: OpenImage
  readonly now: Pick<Proof, 'inventory' | 'findings'>
}

/** Of a platform that stays as it is. */
export function unchangedEvidence(session: PlatformSession): PlatformEvidence {
  const { image, inventory } = session
  return { session, image, now: { inventory, findings: session.findings(inventory) } }
}

export interface EvidenceFile {
  /** Relative to the folder of the receipts. */
  readonly path: string
  readonly mediaType: string
  readonly text: string
  /** What it is about: the root, or one platform's manifest. */
  readonly subject: Descriptor
}

export async function evidenceOf(input: EvidenceInput): Promise<readonly EvidenceFile[]> {
  const { root, platforms, timestamp, toolVersion } = input
  const stem = input.receipt.replace(/\.json$/, '')
  const place = placeOf(input)
  const files = new Map<string, EvidenceFile>()
  const images: { image: ReportedImage; fixed: readonly FixedFlaw[] }[] = []
  for (const { session, image, now } of platforms) {
    const subject = image.manifest.descriptor
    const platform = session.inventory.target.platform ?? ''
    const reported = { ...place, digest: subject.digest, platform }
    const layers = image.layers.map(({ diffId }) => diffId)
    const bill = { image: reported, system: session.inventory.release, inventory: now.inventory, layers, toolVersion, timestamp }
    const named = subject.digest === root.digest ? stem : `${stem}.${fileNameOf(platform)}`
    // An index may hold two images for one platform.
    const name = files.has(`${named}.cdx.json`) ? `${named}-${shortDigest(subject)}` : named
    for (const { ending, mediaType, text } of [
      { ending: 'cdx', mediaType: 'application/vnd.cyclonedx+json', text: cycloneDx(bill) },
      { ending: 'spdx', mediaType: 'application/spdx+json', text: spdx(bill) },
    ]) {
      const path = `${name}.${ending}.json`
      files.set(path, { path, mediaType, text, subject })
    }
    images.push({ image: reported, fixed: fixedIn(now, await findingsBefore(session)) })
  }
  const vex = openVex({ images, toolVersion, timestamp })
  const bills = [...files.values()]
  if (vex === undefined) return bills
  return [{ path: `${stem}.openvex.json`, mediaType: 'application/vnd.openvex+json', text: vex, subject: root }, ...bills]
}

/** A platform's name is the image's word: what no file should be called is cut, and what was cut is told by a hash. */
function fileNameOf(platform: string): string {
  const name = platform.replaceAll('/', '-')
  if (/^[A-Za-z0-9_.-]{1,60}$/.test(name)) return name
  const hash = createHash('sha256').update(platform).digest('hex').slice(0, 12)
  return `${name.replace(/[^A-Za-z0-9_.-]+/g, '-').slice(0, 40)}-${hash}`
}

function shortDigest({ digest }: Descriptor): string {
  return digest.slice('sha256:'.length, 'sha256:'.length + 12)
}

/** What was known against the image without Suture's own layer: what former patches took away is told again, because their digests are gone. */
async function findingsBefore(session: PlatformSession): Promise<readonly Finding[]> {
  const { base, image, inventory, languages } = session
  const below = base.files === image.files ? undefined : await readDebInventory(base.files, inventory.target.id)
  const components = below === undefined ? inventory.components : [...below.components, ...languages.components]
  return session.findings({ ...inventory, components })
}

/** Flaws that are gone from the image, with the packages that had them. */
function fixedIn({ inventory, findings }: PlatformEvidence['now'], before: readonly Finding[]): readonly FixedFlaw[] {
  const purls = new Map(inventory.components.map(({ location, purl }) => [location, purl]))
  const open = new Set(findings.flatMap(({ name, ids }) => ids.map(id => `${name} ${cveIn(id) ?? id}`)))
  return compareFindings(before, findings, () => true)
    .fixed.map(({ name, ids, locations }) => ({
      ids: withoutOpen(ids, id => open.has(`${name} ${cveIn(id) ?? id}`)),
      purls: locations.flatMap(location => purls.get(location) ?? []),
    }))
    .filter(flaw => flaw.ids.length > 0 && flaw.purls.length > 0)
}

/** One advisory may speak of several CVEs of which another record says that one is open: then the advisory's own name says nothing alone. */
function withoutOpen(ids: readonly string[], isOpen: (id: string) => boolean): readonly string[] {
  const closed = ids.filter(id => !isOpen(id))
  const isCve = (id: string) => cveIn(id) !== undefined
  return closed.length === ids.length || closed.some(isCve) ? closed : []
}

function placeOf({ reference, workingFolder, inRegistry }: EvidenceInput): Pick<ReportedImage, 'name' | 'repository'> {
  if (inRegistry !== undefined) {
    const repository = `${inRegistry.host}/${inRegistry.repository}`
    return { name: basename(repository), repository }
  }
  const parsed = parseLocalReference(reference)
  if (parsed === undefined) throw new Fault('internal', `${reference} is in no registry and in no folder.`)
  if (parsed.kind === 'layout') return { name: basename(resolve(workingFolder, parsed.folder)) || 'image' }
  const tag = parsed.format === 'docker' ? parsed.tag?.replace(/:[^/]*$/, '') : undefined
  return { name: basename(tag ?? parsed.file).replace(/\.tar$/, '') || 'image' }
}
