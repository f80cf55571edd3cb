import { SemVer } from 'semver'
import type { PackageFacts, VersionFacts } from '../../../model/catalogue.ts'
import { Fault } from '../../../model/faults.ts'
import { isRecord, ownValue, plainRecord } from './json-values.ts'
import { readRangesInARow } from './ranges.ts'
import { readVersion } from './read-version.ts'

const MOST_VERSIONS = 50_000
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/

/**
 * A registry's document about one package, short or full, reduced to facts. A version that cannot be right is left
 * out; a document that is about something else, or about nothing, is a fault.
 */
export function readPackument(text: string, name: string): PackageFacts {
  const document = parseObject(text, name)
  if (document['name'] !== name) throw invalid(name, 'the document is about another package')
  const time = ownValue(document, 'time')
  const times = isRecord(time) ? time : {}
  const versions = ownValue(document, 'versions')
  // What is left of a package whose every version was unpublished.
  if (versions === undefined && isRecord(ownValue(times, 'unpublished'))) return { name, versions: [], tags: plainRecord([]) }
  if (!isRecord(versions)) throw invalid(name, 'the document lists no versions')

  const entries = Object.entries(versions)
  if (entries.length > MOST_VERSIONS) throw invalid(name, `the document lists ${entries.length} versions`)
  const ordered: { order: SemVer; facts: VersionFacts }[] = []
  const read = readRangesInARow()
  let understood = entries.length === 0
  for (const [version, manifest] of entries) {
    const order = parseVersion(version)
    understood ||= order !== undefined && isRecord(manifest)
    const facts = order && readVersion(name, version, manifest, readTime(ownValue(times, version)), read)
    if (order !== undefined && facts !== undefined) ordered.push({ order, facts })
  }
  if (!understood) throw invalid(name, 'nothing in the document’s list of versions is a version')
  ordered.sort((left, right) => left.order.compare(right.order))
  const facts = ordered.map(each => each.facts)
  return { name, versions: facts, tags: readTags(ownValue(document, 'dist-tags'), new Set(facts.map(each => each.version))) }
}

export function parseObject(text: string, what: string): Readonly<Record<string, unknown>> {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch (cause) {
    throw invalid(what, 'the answer is not JSON', cause)
  }
  if (!isRecord(document)) throw invalid(what, 'the answer is not a JSON object')
  return document
}

export function invalid(what: string, problem: string, cause?: unknown): Fault {
  return new Fault('registry-invalid', `The registry’s answer about ${what} cannot be right: ${problem}.`, { cause })
}

/** Strict: a key that is not a version's own spelling is no version. */
function parseVersion(text: string): SemVer | undefined {
  try {
    const parsed = new SemVer(text)
    return parsed.version === text ? parsed : undefined
  } catch {
    return undefined
  }
}

function readTime(value: unknown): string | undefined {
  if (typeof value !== 'string' || !TIME.test(value)) return undefined
  const date = new Date(value)
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString()
}

function readTags(value: unknown, versions: ReadonlySet<string>): Readonly<Record<string, string>> {
  if (!isRecord(value)) return plainRecord([])
  const tags = Object.entries(value).filter((tag): tag is [string, string] => typeof tag[1] === 'string' && versions.has(tag[1]))
  return plainRecord(tags.sort(([left], [right]) => (left < right ? -1 : 1)))
}
