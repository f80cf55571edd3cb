/**
 * What an image's apt preferences keep out. A version is taken only where apt itself could come to take it: its priority is high enough,
 * and no pin prefers the installed version to it. Source: apt_preferences(5). Regular expressions from an image are not run: pins that are
 * written as such are told and not followed.
 */
import { Fault } from '../../../model/faults.ts'
import { fieldValue, type Invalid, readStanzas } from '../control.ts'
import { glob } from '../glob.ts'
import type { InstalledPackage, OfferedPackage } from '../package.ts'

/** One pin, with the file that it stands in. */
interface Pin {
  /** Without `*`, which makes a pin general. */
  readonly names: readonly string[]
  readonly general: boolean
  readonly kind: 'version' | 'release' | 'origin'
  readonly value: string
  readonly priority: number
  readonly from: string
}

export interface Preferences {
  readonly pins: readonly Pin[]
  /** Files with pins that are not followed. */
  readonly passedOver: readonly string[]
}

/** What apt gives a version that no pin names, and the installed one. */
const USUAL = 500
const INSTALLED = 100
const MOST_PINS = 10_000
const LONGEST_PATTERN = 256

/** Files in apt's order. Throws `apt-sources-invalid`. */
export function readPreferences(files: readonly { readonly path: string; readonly text: string }[]): Preferences {
  const pins: Pin[] = []
  const passedOver = new Set<string>()
  for (const { path, text } of files) {
    const invalid: Invalid = what => new Fault('apt-sources-invalid', `${path} ${what}`)
    for (const stanza of readStanzas(text.replace(/^#.*(?:\n|$)/gm, ''), invalid)) {
      if ([...stanza.fields.keys()].every(name => name === 'explanation')) continue
      const names = words(fieldValue(stanza, 'Package') ?? '')
      const [, kind = '', value = ''] = /^(version|release|origin)\s+(.*)$/s.exec(fieldValue(stanza, 'Pin')?.trim() ?? '') ?? []
      const priority = Number(fieldValue(stanza, 'Pin-Priority') ?? '')
      if (names.length === 0 || !isKind(kind)) throw invalid('has a pin without a package or without what it pins to')
      if (!Number.isInteger(priority) || priority === 0 || Math.abs(priority) > 32_767) throw invalid('has a pin without a priority')
      if (pins.length >= MOST_PINS) throw invalid(`has more than ${MOST_PINS} pins`)
      const patterns = [...names, value]
      if (patterns.some(pattern => pattern.startsWith('/') || pattern.length > LONGEST_PATTERN)) passedOver.add(path)
      else
        pins.push({
          names: names.filter(name => name !== '*'),
          general: names.includes('*'),
          kind,
          value: value.trim(),
          priority,
          from: path,
        })
    }
  }
  return { pins, passedOver: [...passedOver] }
}

/** Answers why an offered version may not enter, as the end of "it is …". */
export function keptOutBy(
  { pins }: Preferences,
  installed: readonly Pick<InstalledPackage, 'name' | 'version'>[],
): (item: OfferedPackage) => string | undefined {
  if (pins.length === 0) return () => undefined
  const here = Map.groupBy(installed, ({ name }) => name)
  return item => {
    const own = here.get(item.name) ?? []
    const specific = pins.filter(({ names }) => names.some(name => isNamed(item, name)))
    const pin = highest(specific.filter(each => holds(each, item))) ?? pins.find(each => each.general && holds(each, item))
    const priority = pin?.priority ?? USUAL
    if (pin !== undefined && priority < (own.length > 0 ? INSTALLED : 0)) return `kept out by ${pin.from} (priority ${priority})`
    const kept = highest(specific.filter(({ kind, value }) => kind === 'version' && own.some(({ version }) => glob(value)(version))))
    return kept !== undefined && kept.priority > priority ? `kept at ${kept.value} by ${kept.from} (priority ${kept.priority})` : undefined
  }
}

function isKind(kind: string): kind is Pin['kind'] {
  return kind === 'version' || kind === 'release' || kind === 'origin'
}

function words(text: string): readonly string[] {
  return text.split(/\s+/).filter(word => word !== '')
}

function highest(pins: readonly Pin[]): Pin | undefined {
  return pins.reduce<Pin | undefined>((best, pin) => (best === undefined || pin.priority > best.priority ? pin : best), undefined)
}

/** A name or a pattern of names, `src:` for all that a source package makes, `:architecture` for that one only. */
function isNamed(item: OfferedPackage, pattern: string): boolean {
  if (pattern.startsWith('src:')) return glob(pattern.slice('src:'.length))(item.source.name)
  const [name = '', architecture] = pattern.split(':')
  return glob(name)(item.name) && (architecture === undefined || ['any', item.architecture].includes(architecture))
}

function holds({ kind, value }: Pin, { version, suite }: OfferedPackage): boolean {
  if (kind === 'version') return glob(value)(version)
  if (kind === 'origin') return new URL(suite.uri).hostname === value.replaceAll('"', '')
  const parts = value.split(',').map(part => part.trim())
  return parts.every(part => {
    const at = part.indexOf('=')
    if (at < 0) return [suite.release.suite, suite.codename, suite.release.version].some(own => glob(part)(own))
    const own = facts(suite)[part.slice(0, at).trim()]
    return own !== undefined && glob(part.slice(at + 1).trim())(own)
  })
}

function facts({ release, codename, component, architecture }: OfferedPackage['suite']): Readonly<Record<string, string>> {
  const { suite, version, origin, label } = release
  return { a: suite, n: codename, v: version, o: origin, l: label, c: component, b: architecture }
}
