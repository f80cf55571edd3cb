/**
 * One OSV record from JSON that may hold anything. Checked by hand, because a quarter of a million of them are read in one go.
 * What is wrong in a field that decides a match is a fault; text for people is cut to size.
 */
import { Fault } from '../model/faults.ts'
import { EVENT_KINDS, type OsvAffected, type OsvEvent, type OsvRange, type OsvRecord, type OsvSeverity } from './osv.ts'

const LONGEST_NAME = 1024
const LONGEST_SUMMARY = 300
const MOST = { aliases: 2000, severity: 50, references: 20, affected: 20_000, ranges: 2000, events: 20_000, versions: 200_000 } as const

type Json = { readonly [key: string]: unknown }

/** `where` names the file and the place in it, for the fault `advisories-invalid`. */
export function readRecord(value: unknown, where: string): OsvRecord {
  const fields = object(value, where)
  const id = text(fields['id'], `${where}: "id"`)
  const at = `${where}, record ${id.slice(0, 80)}`
  if (fields['withdrawn'] !== undefined && fields['withdrawn'] !== null) text(fields['withdrawn'], `${at}: "withdrawn"`)
  const word = isObject(fields['database_specific']) ? fields['database_specific']['severity'] : undefined
  return {
    id,
    modified: time(fields['modified'], `${at}: "modified"`),
    ...(typeof fields['published'] === 'string' && { published: fields['published'].slice(0, 40) }),
    ...(typeof fields['withdrawn'] === 'string' && { withdrawn: fields['withdrawn'].slice(0, 40) }),
    aliases: list(fields['aliases'], MOST.aliases, `${at}: "aliases"`).map(alias => text(alias, `${at}: "aliases"`)),
    ...(typeof fields['summary'] === 'string' && { summary: fields['summary'].slice(0, LONGEST_SUMMARY) }),
    severity: severities(fields['severity'], at),
    ...(typeof word === 'string' && { word: word.slice(0, 40) }),
    references: references(fields['references']),
    affected: list(fields['affected'], MOST.affected, `${at}: "affected"`).flatMap((entry, i) =>
      affected(entry, `${at}: "affected[${i}]"`),
    ),
  }
}

function affected(value: unknown, at: string): OsvAffected[] {
  const fields = object(value, at)
  // A record may name a repository only; then there is no package to match.
  if (fields['package'] === undefined || fields['package'] === null) return []
  const packageFields = object(fields['package'], `${at}.package`)
  return [
    {
      ecosystem: text(packageFields['ecosystem'], `${at}.package.ecosystem`),
      name: text(packageFields['name'], `${at}.package.name`),
      severity: [...severities(fields['severity'], at), ...urgency(fields['ecosystem_specific'])],
      ranges: list(fields['ranges'], MOST.ranges, `${at}.ranges`).flatMap(entry => range(entry, `${at}.ranges`)),
      versions: list(fields['versions'], MOST.versions, `${at}.versions`).map(version => text(version, `${at}.versions`)),
    },
  ]
}

function range(value: unknown, at: string): OsvRange[] {
  const fields = object(value, at)
  if (fields['type'] === 'GIT') return []
  const events = list(fields['events'], MOST.events, `${at}.events`).flatMap(entry => event(entry, `${at}.events`))
  return events.length > 0 ? [events] : []
}

/** The schema wants one key an event; one with several says the same as several events. */
function event(value: unknown, at: string): OsvEvent[] {
  const fields = object(value, at)
  return EVENT_KINDS.flatMap(kind => (Object.hasOwn(fields, kind) ? [{ kind, version: text(fields[kind], `${at}.${kind}`) }] : []))
}

function severities(value: unknown, at: string): OsvSeverity[] {
  return list(value, MOST.severity, `${at}: "severity"`).flatMap(entry =>
    isObject(entry) && typeof entry['type'] === 'string' && typeof entry['score'] === 'string'
      ? [{ type: entry['type'].slice(0, 40), score: entry['score'].slice(0, LONGEST_NAME) }]
      : [],
  )
}

/** Debian's tracker rates by urgency (`low**` is a guess of `low`); OSV.dev keeps it beside what is affected. */
function urgency(value: unknown): OsvSeverity[] {
  const word = isObject(value) ? value['urgency'] : undefined
  return typeof word === 'string' && /^(high|medium|low|unimportant)\**$/.test(word)
    ? [{ type: 'Debian', score: word.replace(/\*+$/, '') }]
    : []
}

function references(value: unknown): string[] {
  if (!Array.isArray(value)) return []
  const urls: string[] = []
  for (const entry of value) {
    if (urls.length === MOST.references) break
    const url: unknown = isObject(entry) ? entry['url'] : undefined
    if (typeof url === 'string' && url.length <= LONGEST_NAME && /^https?:\/\//i.test(url)) urls.push(url)
  }
  return urls
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function object(value: unknown, at: string): Json {
  if (!isObject(value)) throw new Fault('advisories-invalid', `${at} is not an object`)
  return value
}

function list(value: unknown, most: number, at: string): readonly unknown[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) throw new Fault('advisories-invalid', `${at} is not a list`)
  if (value.length > most) throw new Fault('advisories-invalid', `${at} has ${value.length} entries; ${most} are read at most`)
  return value
}

function text(value: unknown, at: string): string {
  if (typeof value !== 'string' || value === '') throw new Fault('advisories-invalid', `${at} is not a text`)
  if (value.length > LONGEST_NAME) throw new Fault('advisories-invalid', `${at} is longer than ${LONGEST_NAME} characters`)
  // Half a surrogate pair has no UTF-8: two different texts would become one.
  return value.toWellFormed()
}

/** RFC 3339; the schema wants UTC, and an offset is turned into it. */
function time(value: unknown, at: string): string {
  const found = text(value, at)
  if (/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z$/.test(found)) return found
  const instant = /^\d{4}-\d{2}-\d{2}T/.test(found) ? Date.parse(found) : Number.NaN
  if (Number.isNaN(instant)) throw new Fault('advisories-invalid', `${at} is not a time`)
  return new Date(instant).toISOString()
}
