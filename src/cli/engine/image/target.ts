/** An image as every verb starts from it: opened, each platform that can be worked on with its packages, and the rest named. */
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { defaultAptCache, type OpenApt, openApt } from '../../../ecosystems/deb/apt/open.ts'
import { readDebInventory } from '../../../ecosystems/deb/inventory.ts'
import type { OsRelease } from '../../../ecosystems/deb/os-release.ts'
import { readDpkg } from '../../../ecosystems/deb/read-status.ts'
import { supportOf } from '../../../ecosystems/deb/releases.ts'
import { ownLayersOnTop } from '../../../images/lineage.ts'
import type { OpenOptions } from '../../../images/open.ts'
import { platformName, platformsOf } from '../../../images/platforms.ts'
import { childOf } from '../../../images/whole-image.ts'
import { Fault } from '../../../model/faults.ts'
import type { Descriptor, ImageSource, OpenImage, Platform } from '../../../model/image.ts'
import type { EngineWorld, ImageRequest, ScanRequest } from '../../engine.ts'
import { openDatabase } from '../database.ts'
import { archiveMatches } from './archive-matches.ts'
import { bareInventory } from './bare-inventory.ts'
import { languagesOf, uncheckedNotes } from './languages.ts'
import { openPlaces, type Places } from './places.ts'
import { type Base, PlatformSession } from './platform-session.ts'

export interface ImageTarget {
  readonly places: Places
  readonly source: ImageSource
  readonly platforms: readonly PlatformSession[]
  /** Sentences about platforms that were left out. */
  readonly notes: readonly string[]
  close(): Promise<void>
}

/** `prove`: see `images/open.ts`. The caller closes what it gets. */
export async function openTarget(
  world: EngineWorld,
  request: ScanRequest & { readonly image: ImageRequest },
  prove: NonNullable<OpenOptions['prove']>,
): Promise<ImageTarget> {
  const places = openPlaces(world, request.image.insecure)
  const open: OpenApt[] = []
  try {
    const source = await places.source(request.image.reference)
    const close = async () => {
      for (const apt of open) await apt.close()
      await source.close()
      await places.close()
    }
    const database = openDatabase(world, request.advisories)
    const wanted = await wantedPlatforms(source, request.image)
    const platforms: PlatformSession[] = []
    const notes: string[] = []
    for (const { platform, manifest } of wanted) {
      const name = platformName(platform)
      const image = await places.open(source, platform, prove).catch(async (fault: unknown) => {
        if (manifest === undefined || (await childOf(source, manifest)) !== undefined) throw fault
        return undefined
      })
      if (image === undefined) {
        notes.push(`${name} is listed in ${request.image.reference} and not there, so it stays as it is.`)
        continue
      }
      const { files } = image
      const packages = await readDebInventory(files, request.image.reference)
      const languages = await languagesOf(files, packages?.database)
      const bare = packages === undefined ? await bareInventory(files, request.image.reference, name) : undefined
      const inventory = packages ?? bare?.inventory
      if (inventory === undefined || (bare !== undefined && languages.components.length === 0)) {
        notes.push(bare?.reason ?? '')
        continue
      }
      const target = { ...inventory.target, platform: name }
      const now = world.now()
      let apt: Promise<OpenApt> | undefined
      const openArchive = () => {
        apt ??= (async () => {
          const opened = await openApt({
            files,
            release: inventory.release,
            database: inventory.database,
            asked: await sourceTexts(request.image.sources, world.workingFolder),
            otherwise: request.policy.aptSources ?? [],
            now: world.now,
            environment: world.environment,
            cacheFolder: defaultAptCache(world.environment),
            offline: request.offline,
          })
          open.push(opened)
          return opened
        })()
        return apt
      }
      const ecosystem = inventory.advisoryEcosystem?.split(':')[0]
      const known = bare !== undefined || database.status.ecosystems.some(other => other.split(':')[0] === ecosystem)
      const archive = known ? undefined : await archiveMatches(inventory.database, openArchive, world.progress)
      const ended = endedSentence(inventory.release, now)
      const unchecked = [...languages.notes, ...uncheckedNotes(languages.components, database.status)]
      platforms.push(
        new PlatformSession({
          world,
          request: request.image,
          policy: request.policy,
          now,
          image,
          ...(await baseOf(places, image, prove)),
          inventory: { ...inventory, target },
          languages,
          database,
          archiveMatch: archive?.match,
          openArchive,
          notes: [...(bare === undefined ? [] : [bare.reason]), ...(archive?.notes ?? []), ...unchecked],
          partial: bare !== undefined || archive !== undefined || unchecked.length > 0,
          ...(ended === undefined ? {} : { ended }),
          ...(bare === undefined ? {} : { bare: bare.reason }),
        }),
      )
    }
    if (platforms.length === 0) {
      throw new Fault('distribution-unsupported', `${request.image.reference} holds nothing that Suture can read. ${notes.join(' ')}`)
    }
    return { places, source, platforms, notes, close }
  } catch (fault) {
    for (const apt of open) await apt.close()
    await places.close()
    throw fault
  }
}

/** The image below Suture's own layer, which a new one replaces. */
async function baseOf(places: Places, image: OpenImage, prove: NonNullable<OpenOptions['prove']>): Promise<{ readonly base?: Base }> {
  const without = ownLayersOnTop(image)
  if (without === 0) return {}
  const { files } = await places.open(image.source, image.platform, prove, without)
  const database = await readDpkg(files)
  return database === undefined ? {} : { base: { files, database } }
}

/** `--source` takes lines and files of lines. */
async function sourceTexts(given: readonly string[], workingFolder: string): Promise<readonly string[]> {
  const texts: string[] = []
  for (const item of given) {
    const isText = /^\s*(deb\s|types:)/i.test(item)
    const text = isText
      ? item
      : await readFile(resolve(workingFolder, item), 'utf8').catch((cause: unknown) => {
          throw new Fault('file-unreadable', `${item} is neither an apt source nor a file that can be read.`, { cause })
        })
    if (/^types:/im.test(text)) texts.push(...text.split(/\n\s*\n/).filter(stanza => /^types:/im.test(stanza)))
    else texts.push(...text.split('\n').filter(line => /^\s*deb\s/.test(line)))
  }
  return texts
}

/** `manifest` where nobody asked for the platform, so that it may be missing. */
async function wantedPlatforms(
  source: ImageSource,
  { platforms }: ImageRequest,
): Promise<readonly { readonly platform: Platform; readonly manifest?: Descriptor }[]> {
  if (platforms.length === 0) return platformsOf(source)
  return platforms.map(text => {
    const [os = '', architecture = '', variant] = text.split('/')
    if (os === '' || architecture === '') throw new Fault('usage', `${text} is no platform.`, { hint: 'Write it as linux/amd64.' })
    return { platform: { os, architecture, ...(variant === undefined ? {} : { variant }) } }
  })
}

function endedSentence(release: OsRelease, now: Date): string | undefined {
  const support = supportOf(release.known, now)
  if (support.state !== 'ended') return undefined
  const more = support.extended === undefined ? '' : ` Paid support (${support.extended.name}) goes on until ${support.extended.until}.`
  return `${release.name} has had no security updates since ${support.since}.${more}`
}
