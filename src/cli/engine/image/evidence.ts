/** What is told of a patched image beside its receipt: one OpenVEX document, and a CycloneDX and an SPDX bill of materials for each platform. */
import { basename, resolve } from 'node:path'
import { readDebInventory } from '../../../ecosystems/deb/inventory.ts'
import { parseReference } from '../../../images/reference.ts'
import type { Finding } from '../../../model/finding.ts'
import type { Descriptor, OpenImage } from '../../../model/image.ts'
import { cycloneDx } from '../../../reports/cyclonedx.ts'
import { openVex } from '../../../reports/open-vex.ts'
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
  /** Where the image goes, in full; folders and files of it are taken from the working folder. */
  readonly reference: string
  readonly workingFolder: string
  /** What the reference will point to. */
  readonly root: Descriptor
  readonly platforms: readonly PatchedEvidence[]
}

/** One platform, before and after. */
export interface PatchedEvidence {
  readonly session: PlatformSession
  /** The result, opened afresh. */
  readonly image: OpenImage
  readonly proof: Proof
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
  const place = placeOf(input.reference, input.workingFolder)
  const files: EvidenceFile[] = []
  const images: { image: ReportedImage; fixed: readonly { ids: readonly string[]; purls: readonly string[] }[] }[] = []
  for (const { session, image, proof } of platforms) {
    const subject = image.manifest.descriptor
    const platform = session.inventory.target.platform ?? ''
    const reported = { ...place, digest: subject.digest, platform }
    const layers = image.layers.map(({ diffId }) => diffId)
    const bill = { image: reported, system: session.inventory.release, inventory: proof.inventory, layers, toolVersion, timestamp }
    const name = subject.digest === root.digest ? stem : `${stem}.${platform.replaceAll('/', '-')}`
    files.push({ path: `${name}.cdx.json`, mediaType: 'application/vnd.cyclonedx+json', text: cycloneDx(bill), subject })
    files.push({ path: `${name}.spdx.json`, mediaType: 'application/spdx+json', text: spdx(bill), subject })
    images.push({ image: reported, fixed: fixedIn(proof, await findingsBefore(session)) })
  }
  const vex = openVex({ images, toolVersion, timestamp })
  if (vex === undefined) return files
  return [{ path: `${stem}.openvex.json`, mediaType: 'application/vnd.openvex+json', text: vex, subject: root }, ...files]
}

/** What was known against the image without Suture's own layer: what former patches took away is told again, because their digests are gone. */
async function findingsBefore(session: PlatformSession): Promise<readonly Finding[]> {
  const { base, image, inventory, languages } = session
  const below = base.files === image.files ? undefined : await readDebInventory(base.files, inventory.target.id)
  const components = below === undefined ? inventory.components : [...below.components, ...languages.components]
  return session.findings({ ...inventory, components })
}

/** Flaws that no version in the image has any more, with the packages that had them. */
function fixedIn({ inventory, findings }: Proof, before: readonly Finding[]) {
  const purls = new Map(inventory.components.map(({ location, purl }) => [location, purl]))
  const open = new Set(findings.map(({ name, group }) => `${name} ${group}`))
  return compareFindings(before, findings, () => true)
    .fixed.filter(({ name, group }) => !open.has(`${name} ${group}`))
    .map(({ ids, locations }) => ({ ids, purls: locations.flatMap(location => purls.get(location) ?? []) }))
    .filter(flaw => flaw.purls.length > 0)
}

function placeOf(reference: string, workingFolder: string): Pick<ReportedImage, 'name' | 'repository'> {
  const parsed = parseReference(reference)
  if (parsed.kind === 'registry') {
    const repository = `${parsed.host}/${parsed.repository}`
    return { name: basename(repository), repository }
  }
  if (parsed.kind === 'layout') return { name: basename(resolve(workingFolder, parsed.folder)) || 'image' }
  const tag = parsed.format === 'docker' ? parsed.tag?.replace(/:[^/]*$/, '') : undefined
  return { name: basename(tag ?? parsed.file).replace(/\.tar$/, '') || 'image' }
}
