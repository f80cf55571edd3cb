/**
 * Relations between packages: how they are written and when one holds. Sources: Debian policy 7, deb-control(5), and dpkg's
 * multi-arch rules: a plain need takes the asking package's own architecture, or a `Multi-Arch: foreign` package of any; `:any`
 * takes a `Multi-Arch: allowed` one of any; a plain Breaks or Conflicts is about every architecture.
 */
import { deb } from '../../versions/deb.ts'
import type { Invalid } from './control.ts'
import type { DebPackage, Relation, RelationGroup } from './package.ts'

const LONGEST = 200_000
const MOST = 5000
const RELATION =
  /^([A-Za-z0-9][A-Za-z0-9+.-]*)(?::([a-z0-9][a-z0-9-]*))?\s*(?:\(\s*(<<|<=|=|>=|>>|<|>)\s*([^\s()]+)\s*\))?\s*(?:\[([^\][]*)\])?\s*((?:<[^<>]*>\s*)*)$/

type Operator = NonNullable<Relation['operator']>

/** Parses `Depends` and its like. What `[…]` or `<…>` takes away for this architecture is left out; no build profile is active. */
export function parseRelationGroups(text: string, architecture: string, invalid: Invalid): RelationGroup[] {
  if (text.length > LONGEST) throw invalid(`has relations of more than ${LONGEST} characters`)
  const groups: RelationGroup[] = []
  for (const part of text.split(',')) {
    if (part.trim() === '') continue
    const group = part.split('|').flatMap(alternative => parseRelation(alternative.trim(), architecture, invalid) ?? [])
    if (group.length > 0) groups.push(group)
  }
  if (groups.length > MOST) throw invalid(`has more than ${MOST} relations in one field`)
  return groups
}

/** Parses `Breaks`, `Conflicts`, `Replaces` and `Provides`, which know no alternatives. */
export function parseRelations(text: string, architecture: string, invalid: Invalid): Relation[] {
  return parseRelationGroups(text, architecture, invalid).map(([relation, other]) => {
    if (relation === undefined || other !== undefined) throw invalid(`has alternatives where there may be none: ${text.slice(0, 80)}`)
    return relation
  })
}

function parseRelation(text: string, architecture: string, invalid: Invalid): Relation | undefined {
  const match = RELATION.exec(text)
  if (match === null) throw invalid(`has a relation that cannot be read: ${JSON.stringify(text.slice(0, 80))}`)
  const [, name = '', qualifier, sign, version, architectures, profiles = ''] = match
  if (version !== undefined && !deb.valid(version)) throw invalid(`has a relation to no version: ${JSON.stringify(text.slice(0, 80))}`)
  if (architectures !== undefined && !namesArchitecture(architectures, architecture)) return undefined
  if (profiles !== '' && !holdsWithoutProfiles(profiles)) return undefined
  return {
    name,
    ...(qualifier !== undefined && { architecture: qualifier }),
    ...(sign !== undefined && version !== undefined && { operator: operatorOf(sign), version }),
  }
}

/** `<` and `>` are old forms of `<=` and `>=`. */
function operatorOf(sign: string): Operator {
  const all: readonly Operator[] = ['<<', '<=', '=', '>=', '>>']
  return all.find(operator => operator === sign) ?? (sign === '<' ? '<=' : '>=')
}

function namesArchitecture(list: string, architecture: string): boolean {
  const names = list.trim().split(/\s+/)
  const matches = (name: string): boolean =>
    name === architecture || name === 'any' || name === 'linux-any' || name === `any-${architecture}` || name === `linux-${architecture}`
  const negated = names.filter(name => name.startsWith('!'))
  return negated.length > 0 ? !negated.some(name => matches(name.slice(1))) : names.some(matches)
}

/** Each `<…>` is a set of terms that must all hold, and one set is enough. */
function holdsWithoutProfiles(formula: string): boolean {
  return [...formula.matchAll(/<([^<>]*)>/g)].some(([, terms = '']) =>
    terms
      .trim()
      .split(/\s+/)
      .every(term => term.startsWith('!')),
  )
}

/** A relation as Debian writes it. */
export function printRelation({ name, architecture, operator, version }: Relation): string {
  return `${name}${architecture === undefined ? '' : `:${architecture}`}${operator === undefined ? '' : ` (${operator} ${version})`}`
}

export function printGroup(group: RelationGroup): string {
  return group.map(printRelation).join(' | ')
}

/** Who asks: its architecture, and the image's own. */
export interface Asker {
  readonly architecture: string
  readonly native: string
}

type Candidate = Pick<DebPackage, 'name' | 'version' | 'architecture' | 'multiArch' | 'provides'>

/** True when the package, or a virtual one that it provides, is what a need asks for. */
export function satisfies(relation: Relation, item: Candidate, asker: Asker): boolean {
  return matches(relation, item) && servesArchitecture(relation, item, asker)
}

/** True when one alternative is met by any of the packages. */
export function satisfiesGroup(group: RelationGroup, items: readonly Candidate[], asker: Asker): boolean {
  return group.some(relation => items.some(item => satisfies(relation, item, asker)))
}

/** True when Breaks or Conflicts of `owner` forbids the package beside it. Nothing excludes itself, whatever it provides. */
export function excludes(relation: Relation, item: Candidate, owner: Pick<DebPackage, 'name'>, native: string): boolean {
  if (item.name === owner.name || !matches(relation, item)) return false
  const { architecture } = relation
  return architecture === undefined || architecture === 'any' || concrete(item.architecture, native) === concrete(architecture, native)
}

/** Does the version fit? Versions that are equal but written differently are the same. */
export function inRange(version: string, relation: Pick<Relation, 'operator' | 'version'>): boolean {
  if (relation.operator === undefined || relation.version === undefined) return true
  const order = deb.compare(version, relation.version)
  switch (relation.operator) {
    case '<<':
      return order < 0
    case '<=':
      return order <= 0
    case '=':
      return order === 0
    case '>=':
      return order >= 0
    case '>>':
      return order > 0
  }
}

function matches(relation: Relation, item: Candidate): boolean {
  if (item.name === relation.name && inRange(item.version, relation)) return true
  // A virtual package without a version meets no need for one (policy 7.5).
  return item.provides.some(
    ({ name, version }) =>
      name === relation.name && (relation.operator === undefined || (version !== undefined && inRange(version, relation))),
  )
}

function servesArchitecture(relation: Relation, item: Candidate, { architecture, native }: Asker): boolean {
  const offered = concrete(item.architecture, native)
  if (relation.architecture === undefined) return item.multiArch === 'foreign' || offered === concrete(architecture, native)
  if (relation.architecture === 'any') return item.multiArch === 'allowed'
  return offered === concrete(relation.architecture, native)
}

function concrete(architecture: string, native: string): string {
  return architecture === 'all' || architecture === 'native' ? native : architecture
}
