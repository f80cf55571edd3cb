/** A repository's Release file: which indexes it has, with their digests, and until when it may be used. */
import { type Sha256, sha256FromHex } from '../../../model/digest.ts'
import { Fault } from '../../../model/faults.ts'
import { fieldValue, type Invalid, readStanzas } from '../control.ts'
import type { AptSource } from './source.ts'

export interface ListedFile {
  readonly sha256: Sha256
  readonly size: number
}

export interface ReleaseFile {
  readonly suite: string
  readonly codename: string
  readonly version: string
  readonly label: string
  readonly origin: string
  readonly date: Date
  readonly validUntil?: Date
  readonly byHash: boolean
  readonly notAutomatic: boolean
  readonly butAutomaticUpgrades: boolean
  readonly architectures: readonly string[]
  /** Packages for all architectures stand in each architecture's index, and are not to be read again. */
  readonly allIsInEach: boolean
  /** By path below the suite's folder. */
  readonly files: ReadonlyMap<string, ListedFile>
}

const MOST_FILES = 200_000
/** How far clocks may differ. */
const DRIFT_MS = 24 * 60 * 60 * 1000

/** Throws `apt-release-invalid`. `where` names it for messages. */
export function readRelease(text: string, where: string): ReleaseFile {
  const invalid: Invalid = what => new Fault('apt-release-invalid', `${where} ${what}`)
  const [stanza, more] = [...readStanzas(text, invalid)]
  if (stanza === undefined || more !== undefined) throw invalid('is not one stanza')
  const value = (name: string): string => fieldValue(stanza, name) ?? ''
  const time = (name: string): Date | undefined => {
    if (value(name) === '') return undefined
    const at = new Date(value(name).replace(/ (UTC|Z)$/, ' GMT'))
    if (Number.isNaN(at.getTime())) throw invalid(`has a ${name} that is no time`)
    return at
  }
  const date = time('Date')
  if (date === undefined) throw invalid('has no Date')
  const validUntil = time('Valid-Until')
  return {
    suite: value('Suite'),
    codename: value('Codename'),
    version: value('Version'),
    label: value('Label'),
    origin: value('Origin'),
    date,
    ...(validUntil !== undefined && { validUntil }),
    byHash: value('Acquire-By-Hash') === 'yes',
    notAutomatic: value('NotAutomatic') === 'yes',
    butAutomaticUpgrades: value('ButAutomaticUpgrades') === 'yes',
    architectures: value('Architectures').split(/\s+/),
    allIsInEach: value('No-Support-for-Architecture-all') === 'Packages',
    files: filesOf(value('SHA256'), invalid),
  }
}

function filesOf(text: string, invalid: Invalid): Map<string, ListedFile> {
  const files = new Map<string, ListedFile>()
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue
    const [, digest = '', size = '', path = ''] = /^\s*([0-9a-f]{64})\s+(\d{1,15})\s+(\S+)\s*$/.exec(line) ?? []
    if (path === '') throw invalid('lists a file in a way that cannot be read')
    if (files.size >= MOST_FILES) throw invalid(`lists more than ${MOST_FILES} files`)
    files.set(path, { sha256: sha256FromHex(digest), size: Number(size) })
  }
  return files
}

export interface ReleaseCheck {
  readonly source: AptSource
  readonly now: Date
  /** `Acquire::Check-Valid-Until`. */
  readonly checkValidUntil: boolean
}

/**
 * Is it the suite that was asked for, and may it be used now? Returns a note where its age is not minded. Throws `apt-release-invalid`,
 * `apt-release-expired`.
 */
export function checkRelease(release: ReleaseFile, { source, now, checkValidUntil }: ReleaseCheck, where: string): string | undefined {
  if (!isSuite(release, source.suite)) {
    throw new Fault(
      'apt-release-invalid',
      `${where} is the index of ${release.codename || release.suite || 'no suite'}, not of ${source.suite}`,
    )
  }
  if (release.date.getTime() > now.getTime() + DRIFT_MS) {
    throw new Fault('apt-release-invalid', `${where} is dated ${day(release.date)}, which is still to come`, {
      hint: 'Check the clock of this machine.',
    })
  }
  if (release.validUntil === undefined || release.validUntil >= now) return undefined
  const stale = `${where} was valid until ${release.validUntil.toISOString()}`
  if (checkValidUntil) throw new Fault('apt-release-expired', `${stale}, and now is ${now.toISOString()}`)
  return `${stale}; it is used all the same, because apt’s configuration turns that check off.`
}

/** Old security suites are called `<codename>/updates` and sign themselves with the codename alone. */
function isSuite({ suite, codename }: ReleaseFile, asked: string): boolean {
  if (asked.endsWith('/')) return true
  return [asked, asked.replace(/\/updates$/, '')].some(name => name === suite || name === codename)
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10)
}

export function isSecurityRelease({ label, suite, codename }: Pick<ReleaseFile, 'label' | 'suite' | 'codename'>): boolean {
  return /security/i.test(label) || /-security$/.test(suite) || /-security$/.test(codename)
}
