/** Derives an image's patch again from what its receipt names, and compares every digest: what a second party does. */

import { defaultAptCache, openApt } from '../../../ecosystems/deb/apt/open.ts'
import { readOsRelease } from '../../../ecosystems/deb/os-release.ts'
import { packageKey } from '../../../ecosystems/deb/package.ts'
import { type PackageUpgrade, patchPackages } from '../../../ecosystems/deb/patch/patch.ts'
import { readDpkg } from '../../../ecosystems/deb/read-status.ts'
import { needsOciTypes, withOciTypes } from '../../../images/oci-types.ts'
import { type PlatformPatch, patchedImage } from '../../../images/patched.ts'
import { platformName, platformsOf } from '../../../images/platforms.ts'
import { unwrittenSource } from '../../../images/unwritten-source.ts'
import { wholeImage } from '../../../images/whole-image.ts'
import { Fault } from '../../../model/faults.ts'
import type { ImageSource } from '../../../model/image.ts'
import type { ImageReceipt, PatchedPlatform } from '../../../model/receipt.ts'
import type { EngineWorld, VerifyRequest, VerifyResult } from '../../engine.ts'
import { count } from '../../words.ts'
import { openReceipt } from '../receipts.ts'
import { platformPatch } from './derive.ts'
import { formerImage } from './former-image.ts'
import { openPlaces, type Places } from './places.ts'
import { type Check, equal, filesCheck, nameCheck, storedCheck } from './stored.ts'

export async function verifyImage(world: EngineWorld, request: VerifyRequest): Promise<VerifyResult> {
  const receipt = await openReceipt(request)
  const { path, content, signature } = receipt
  const { image } = content
  if (image === undefined)
    throw new Fault('receipt-invalid', `${path} is about files of a repository.`, { hint: 'Compare those with git; verify is for images.' })
  const places = openPlaces(world, request.insecure)
  try {
    const source = await places.source(image.to.reference)
    try {
      const checks = await checksOf(world, places, request, image, content.tool.version, source)
      const stored = await storedCheck(source, image, places.isLocal(image.to.reference))
      return { receipt: path, reference: image.to.reference, checks: [nameCheck(receipt), ...checks, stored], signature }
    } finally {
      await source.close()
    }
  } finally {
    await places.close()
  }
}

async function checksOf(
  world: EngineWorld,
  places: Places,
  request: VerifyRequest,
  receipt: ImageReceipt,
  toolVersion: string,
  source: ImageSource,
): Promise<readonly Check[]> {
  const there = (await source.root()).descriptor.digest
  const checks: Check[] = [equal('the reference', there, receipt.to.digest)]
  const former = unwrittenSource(formerImage(receipt, source), source)
  const patches: PlatformPatch[] = []
  const stated: PatchedPlatform[] = []
  for (const { platform } of await platformsOf(former)) {
    const wanted = receipt.platforms.find(other => other.platform === platformName(platform))
    if (wanted === undefined) continue
    const image = await places.open(former, platform, 'files')
    const base = wanted.replaced === 0 ? image : await places.open(former, platform, 'files', wanted.replaced)
    const { upgrades, missing } = await upgradesOf(world, request, wanted, base.files)
    checks.push({
      check: `${wanted.platform}: packages`,
      result: missing.length === 0 ? 'passed' : 'failed',
      detail:
        missing.length === 0
          ? `${count(upgrades.length, 'archive')}, each as a signed index states it today`
          : `no signed index states them any more: ${missing.join(', ')}`,
    })
    if (missing.length > 0) return checks
    const database = await readDpkg(base.files)
    if (database === undefined) throw new Fault('image-invalid', 'The former image has no package database.')
    const { layer, provenance } = await patchPackages({
      files: base.files,
      database,
      upgrades,
      allowScripts: new Set(wanted.skippedScripts),
    })
    const patch = await platformPatch({ image, layer, upgrades, replaceTop: wanted.replaced, toolVersion })
    checks.push(equal(`${wanted.platform}: layer (diff id)`, patch.layer.diffId, wanted.layer.diffId))
    checks.push(filesCheck(wanted, provenance))
    patches.push(patch)
    stated.push(wanted)
  }
  const made = patchedImage(await wholeImage(former), patches)
  const derived = needsOciTypes(receipt.from.reference, receipt.to.reference) ? withOciTypes(made) : made
  for (const [at, { before, manifest, layer }] of derived.platforms.entries()) {
    const wanted = stated[at]
    if (wanted === undefined) continue
    const { platform, manifestBefore, manifestAfter } = wanted
    checks.push(
      equal(`${platform}: manifest before`, before.descriptor.digest, manifestBefore),
      equal(`${platform}: layer`, `${layer.digest}, ${layer.size} bytes`, `${wanted.layer.digest}, ${wanted.layer.size} bytes`),
      equal(`${platform}: manifest`, manifest.descriptor.digest, manifestAfter),
    )
  }
  return [...checks, equal('the whole image', derived.image.root.descriptor.digest, receipt.to.digest)]
}

/** The same archives as the receipt names, each stated by a signed index. */
async function upgradesOf(world: EngineWorld, request: VerifyRequest, wanted: PatchedPlatform, files: Parameters<typeof readDpkg>[0]) {
  const [database, release] = [await readDpkg(files), await readOsRelease(files)]
  if (database === undefined || release === undefined) throw new Fault('image-invalid', 'The former image has no package database.')
  const apt = await openApt({
    files,
    release,
    database,
    otherwise: sourcesOf(wanted),
    now: world.now,
    environment: world.environment,
    cacheFolder: defaultAptCache(world.environment),
    offline: request.offline,
  })
  try {
    const upgrades: PackageUpgrade[] = []
    const missing: string[] = []
    for (const item of wanted.packages) {
      const name = item.package.slice(0, item.package.lastIndexOf(':'))
      await apt.load([name], 'all')
      const to = apt.offered(name).find(offer => packageKey(offer) === item.package && offer.sha256 === item.archive.sha256)
      if (to === undefined) missing.push(`${item.package} ${item.to}`)
      else {
        const from = database.byKey.get(item.package)
        upgrades.push({ ...(from === undefined ? {} : { from }), to, deb: await apt.download(to) })
      }
    }
    return { upgrades, missing }
  } finally {
    await apt.close()
  }
}

/** For an image without sources of its own: those that the receipt names. */
function sourcesOf({ packages }: PatchedPlatform): readonly string[] {
  return [...new Set(packages.map(({ archive, index }) => `deb ${archive.uri} ${index.suite} ${index.component}`))].sort()
}
