/** From what the extractors kept of an image's files to components of programming languages, and where their layers brought them. */
import type { ContentExtractor, FileExtract } from '../model/image.ts'
import type { Component, Subject } from '../model/inventory.ts'
import { packageUrl } from '../text/package-url.ts'
import { decodeContents, type InstalledPackage, type LanguageEcosystem } from './installed-package.ts'
import { jarExtractor } from './jars.ts'
import { npmExtractor } from './npm.ts'
import { programExtractor } from './programs.ts'
import { pythonExtractor } from './python.ts'

/** Those that an image is to be opened with, for `installedComponents` to have something to read. */
export const LANGUAGE_EXTRACTORS: readonly ContentExtractor[] = [npmExtractor, pythonExtractor, jarExtractor, programExtractor]

export interface InstalledComponents {
  /** In the order of their files. Locations are paths in the image, followed by the place inside the file where it holds several packages. */
  readonly components: readonly Component[]
  /** Files that were not read to their end, and why; texts are our own, paths the image's. */
  readonly unread: readonly { readonly path: string; readonly why: string }[]
}

/**
 * `ownerOf` says which package of the distribution a path belongs to (its location in the inventory), if any: what is in it is `bundled` by that
 * package and spoken of by the distribution's advisories, which know what was patched.
 */
export function installedComponents(extracts: Iterable<FileExtract>, ownerOf: (path: string) => string | undefined): InstalledComponents {
  const ours = new Set(LANGUAGE_EXTRACTORS.map(({ id }) => id))
  const components = new Map<string, Component>()
  const unread: { path: string; why: string }[] = []
  for (const { path, layer, extractor, text } of extracts) {
    if (!ours.has(extractor)) continue
    const owner = ownerOf(path)
    const contents = decodeContents(text)
    if (contents.unread !== undefined) unread.push({ path, why: contents.unread })
    for (const item of contents.packages) {
      const component = componentOf(item, path, layer, owner)
      const known = components.get(component.location)
      if (known === undefined) components.set(component.location, component)
      // Two versions of one artefact in one archive.
      else if (known.purl !== component.purl) {
        const location = `${component.location}@${component.version}`
        components.set(location, { ...component, location })
      }
    }
  }
  return { components: [...components.values()], unread }
}

function componentOf(
  { ecosystem, name, version, inside, published }: InstalledPackage,
  path: string,
  layer: number,
  owner: string | undefined,
): Component {
  const purl = PACKAGE_URLS[ecosystem](name, version)
  return {
    location: `${path}${inside}`,
    name,
    version,
    purl,
    scope: 'runtime',
    ...(owner === undefined ? { origin: published ? 'registry' : 'file' } : { origin: 'bundled', bundledBy: owner }),
    layer,
    subject: subjectOf(ecosystem, name, version, purl),
  }
}

/**
 * OSV writes Go's versions without the `v` that Go itself writes. A Python version's local part (`2.0.1+cu118`) says who built it; advisories
 * speak of the public version before it.
 */
function subjectOf(ecosystem: LanguageEcosystem, name: string, version: string, purl: string): Subject {
  if (ecosystem === 'Go') return { ecosystem, name, version: version.replace(/^v/, ''), purl }
  const [spoken = version] = ecosystem === 'PyPI' ? version.split('+') : [version]
  return { ecosystem, name, version: spoken, purl: spoken === version ? purl : PACKAGE_URLS[ecosystem](name, spoken) }
}

/** Package URL types as their definitions have them; Go's names are small there, whatever the module's own name. */
const PACKAGE_URLS: Readonly<Record<LanguageEcosystem, (name: string, version: string) => string>> = {
  npm: (name, version) => packageUrl({ type: 'npm', ...lastPart(name, '/'), version }),
  PyPI: (name, version) => packageUrl({ type: 'pypi', name, version }),
  Maven: (name, version) => packageUrl({ type: name.includes(':') ? 'maven' : 'generic', ...lastPart(name, ':'), version }),
  Go: (name, version) => packageUrl({ type: 'golang', ...lastPart(name.toLowerCase(), '/'), version }),
  'crates.io': (name, version) => packageUrl({ type: 'cargo', name, version }),
}

function lastPart(name: string, separator: string): { readonly namespace: string; readonly name: string } {
  const at = name.lastIndexOf(separator)
  return { namespace: name.slice(0, Math.max(0, at)), name: name.slice(at + 1) }
}
