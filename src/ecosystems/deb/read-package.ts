/** A stanza, as dpkg's status and package indexes have them, as a `DebPackage`. */
import { deb } from '../../versions/deb.ts'
import { fieldValue, type Invalid, type Stanza } from './control.ts'
import type { DebPackage } from './package.ts'
import { parseRelationGroups, parseRelations } from './relations.ts'

const NAME = /^[A-Za-z0-9][A-Za-z0-9+.-]{0,255}$/
export const ARCHITECTURE = /^[a-z0-9][a-z0-9-]{0,63}$/

/** `text` is what the stanza's positions are about. */
export function readPackage(text: string, stanza: Stanza, invalid: Invalid): DebPackage {
  const name = demand(stanza, 'Package', invalid)
  if (!NAME.test(name)) throw invalid(`names a package that can be none: ${JSON.stringify(name.slice(0, 80))}`)
  const about: Invalid = what => invalid(`${what}, package ${name}`)
  const version = demand(stanza, 'Version', about)
  if (!deb.valid(version)) throw about(`has a version that can be none: ${JSON.stringify(version.slice(0, 80))}`)
  const architecture = demand(stanza, 'Architecture', about)
  if (!ARCHITECTURE.test(architecture)) throw about(`has an architecture that can be none: ${JSON.stringify(architecture.slice(0, 80))}`)
  const groups = (field: string) => parseRelationGroups(fieldValue(stanza, field) ?? '', architecture, about)
  const relations = (field: string) => parseRelations(fieldValue(stanza, field) ?? '', architecture, about)
  const provides = relations('Provides')
  if (provides.some(({ operator }) => operator !== undefined && operator !== '=')) throw about('provides a range of versions')
  return {
    name,
    version,
    architecture,
    source: sourceOf(fieldValue(stanza, 'Source'), name, version, about),
    multiArch: multiArchOf(fieldValue(stanza, 'Multi-Arch'), about),
    essential: fieldValue(stanza, 'Essential') === 'yes',
    depends: groups('Depends'),
    preDepends: groups('Pre-Depends'),
    breaks: relations('Breaks'),
    conflicts: relations('Conflicts'),
    replaces: relations('Replaces'),
    provides,
    stanza: text.slice(stanza.start, stanza.end),
  }
}

function demand(stanza: Stanza, field: string, invalid: Invalid): string {
  const value = fieldValue(stanza, field)
  if (value === undefined || value === '') throw invalid(`has a stanza without ${field}`)
  return value
}

/** `Source: name (version)`; what is absent is as the package's own. */
export function sourceOf(text: string | undefined, name: string, version: string, invalid: Invalid): DebPackage['source'] {
  if (text === undefined || text === '') return { name, version }
  const [, source, own] = /^([A-Za-z0-9][A-Za-z0-9+.-]*)(?:\s*\(([^\s()]+)\))?$/.exec(text) ?? []
  if (source === undefined || (own !== undefined && !deb.valid(own))) throw invalid(`has a source that can be none: ${text.slice(0, 80)}`)
  return { name: source, version: own ?? version }
}

function multiArchOf(text: string | undefined, invalid: Invalid): DebPackage['multiArch'] {
  if (text === undefined) return 'no'
  const known = (['no', 'same', 'foreign', 'allowed'] as const).find(word => word === text)
  if (known === undefined) throw invalid(`has a Multi-Arch that can be none: ${JSON.stringify(text.slice(0, 80))}`)
  return known
}
