import type { PackageFacts, VersionFacts } from '../../../model/catalogue.ts'
import { Fault } from '../../../model/faults.ts'
import type { Answer, Question } from './client.ts'
import { integrityOfShasum, matchesIntegrity } from './integrity.ts'
import { isRecord, ownValue } from './json-values.ts'
import type { Limits } from './limits.ts'
import type { NpmConfig } from './npm-config.ts'
import { escapeName, isPackageName } from './package-name.ts'
import { type BundledPackage, keptBundle, readBundle } from './read-bundle.ts'
import { type FullManifest, readManifest } from './read-manifest.ts'
import { invalid, parseObject } from './read-packument.ts'
import { readVersion } from './read-version.ts'
import type { Records, Wanted } from './records.ts'

export interface PackageVersion {
  readonly name: string
  readonly version: string
}

export interface Manifests {
  /** In the order asked. Faults as `Catalogue.load`; `registry-invalid` also where a manifest contradicts the facts that were planned with. */
  manifests(list: Iterable<PackageVersion>): Promise<readonly FullManifest[]>
  manifest(name: string, version: string): Promise<FullManifest>
  /** What the version's archive carries in its own node_modules. Its digest must equal `integrity`, or the manifest's where none is given. */
  bundled(name: string, version: string, integrity?: string): Promise<readonly BundledPackage[]>
}

export function openManifests(
  config: NpmConfig,
  limits: Limits,
  records: Records,
  facts: (name: string) => PackageFacts | undefined,
): Manifests {
  const questionAbout = ({ name, version }: PackageVersion): Question => {
    if (!isPackageName(name) || !/^[0-9A-Za-z.+-]{1,256}$/.test(version))
      throw new Fault('registry-invalid', 'A registry has no such version.')
    const registry = config.registryOf(name)
    const url = `${registry}${escapeName(name)}/${encodeURIComponent(version)}`
    return { url, registry, name, about: `${name}@${version}`, accept: 'application/json', longest: limits.documentBytes }
  }

  const wantedOf = (version: PackageVersion, documents: Map<string, Promise<Readonly<Record<string, unknown>>>>): Wanted => {
    const question = questionAbout(version)
    const record = (document: unknown) => {
      if (!isRecord(document)) throw invalid(question.about, 'the registry does not have the version')
      return Buffer.from(JSON.stringify(readManifest(document, version.name, version.version)))
    }
    return {
      key: question.about,
      question,
      immutable: true,
      reduce: bytes => bytes && record(parseObject(bytes.toString(), question.about)),
      // Not every registry answers for a single version: then the whole document does.
      async fallback(ask) {
        const known = documents.get(version.name) ?? wholeDocument(question, ask)
        documents.set(version.name, known)
        const versions = ownValue(await known, 'versions')
        return record(isRecord(versions) ? ownValue(versions, version.version) : undefined)
      },
    }
  }

  const manifests = async (list: Iterable<PackageVersion>): Promise<readonly FullManifest[]> => {
    const versions = [...list]
    const documents = new Map<string, Promise<Readonly<Record<string, unknown>>>>()
    const known = await records.obtain(versions.map(version => wantedOf(version, documents)))
    return versions.map(({ name, version }, index) => {
      const record = known[index]?.record
      if (record === undefined) throw invalid(`${name}@${version}`, 'the registry does not have it')
      const manifest = readManifest(parseObject(record.toString(), name), name, version)
      const problem = contradiction(
        facts(name)?.versions.find(each => each.version === version),
        manifest,
      )
      if (problem !== undefined) throw invalid(`${name}@${version}`, `its manifest and the package’s document differ in ${problem}`)
      return manifest
    })
  }

  const manifest = async (name: string, version: string): Promise<FullManifest> => {
    const [found] = await manifests([{ name, version }])
    if (found === undefined) throw invalid(`${name}@${version}`, 'the registry does not have it')
    return found
  }

  return {
    manifests,
    manifest,
    async bundled(name, version, integrity) {
      const { dist } = await manifest(name, version)
      const expected = integrity ?? dist.integrity ?? integrityOfShasum(dist.shasum)
      if (expected === undefined) throw invalid(`${name}@${version}`, 'nothing says what its archive must be')
      const about = `the archive of ${name}@${version}`
      const url = config.archiveUrl(dist.tarball, name)
      const [known] = await records.obtain([
        {
          key: `bundled in ${name}@${version} ${expected}`,
          question: { url, registry: config.registryOf(name), name, about, longest: limits.archiveBytes },
          immutable: true,
          reduce(bytes) {
            if (bytes === undefined) throw invalid(about, 'the registry does not have it')
            if (!matchesIntegrity(bytes, expected)) throw invalid(about, 'its content does not match its integrity value')
            return Buffer.from(JSON.stringify(readBundle(bytes, `${name}@${version}`)))
          },
        },
      ])
      return known === undefined ? [] : keptBundle(known.record)
    },
  }
}

async function wholeDocument(question: Question, ask: (question: Question) => Promise<Answer>): Promise<Readonly<Record<string, unknown>>> {
  const answer = await ask({ ...question, url: `${question.registry}${escapeName(question.name)}` })
  if (answer.kind !== 'content') throw invalid(question.about, 'the registry does not have the package')
  return parseObject(answer.bytes.toString(), question.about)
}

/** In which field a manifest says something else than the facts that were planned with. */
function contradiction(facts: VersionFacts | undefined, manifest: FullManifest): string | undefined {
  if (facts === undefined) return undefined
  const read = readVersion(manifest.name, manifest.version, manifest)
  if (read === undefined) return 'everything'
  const differs = (['dependencies', 'optionalDependencies', 'peerDependencies'] as const).find(
    field => JSON.stringify(facts[field] ?? {}) !== JSON.stringify(read[field] ?? {}),
  )
  if (differs !== undefined) return differs
  const [planned, now] = [facts.integrity, read.integrity]
  const isComparable = planned !== undefined && now !== undefined && planned.split('-')[0] === now.split('-')[0]
  return isComparable && planned !== now ? 'integrity' : undefined
}
