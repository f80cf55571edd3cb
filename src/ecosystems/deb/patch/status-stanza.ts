/**
 * A package's stanza as dpkg writes it into `status`: dpkg's own order of fields, relations printed anew, fields that dpkg does not
 * know behind them in the order of the .deb. Learned from dpkg 1.21 and checked against what it leaves (test/system).
 */
import type { Field, Stanza } from '../control.ts'

const ORDER = [
  'Package',
  'Essential',
  'Protected',
  'Status',
  'Priority',
  'Section',
  'Installed-Size',
  'Origin',
  'Maintainer',
  'Bugs',
  'Architecture',
  'Multi-Arch',
  'Source',
  'Version',
  'Config-Version',
  'Replaces',
  'Provides',
  'Depends',
  'Pre-Depends',
  'Recommends',
  'Suggests',
  'Breaks',
  'Conflicts',
  'Enhances',
  'Conffiles',
  'Filename',
  'Size',
  'MD5sum',
  'MSDOS-Filename',
  'Description',
  'Triggers-Pending',
  'Triggers-Awaited',
]
const RELATIONS = new Set(['replaces', 'provides', 'depends', 'pre-depends', 'recommends', 'suggests', 'breaks', 'conflicts', 'enhances'])
/** What a .deb may say but the record of an installed package never does. */
const NOT_RECORDED = new Set([
  'status',
  'config-version',
  'conffiles',
  'filename',
  'size',
  'md5sum',
  'msdos-filename',
  'triggers-pending',
  'triggers-awaited',
])
/** Kept from the record before where the .deb says nothing. */
const KEPT = ['priority', 'section']
const FALSE_BY_DEFAULT = new Set(['essential', 'protected', 'multi-arch'])

export interface RecordedConffile {
  readonly path: string
  readonly md5: string
  readonly obsolete: boolean
  readonly removeOnUpgrade: boolean
}

/** The stanza, without the line feed at its end. `before` is the record of the version that was installed. */
export function statusStanza(
  text: string,
  control: Stanza,
  want: string,
  conffiles: readonly RecordedConffile[],
  before?: { readonly text: string; readonly stanza: Stanza },
): string {
  const lines = new Map<string, string>([['status', `Status: ${want} ok installed`]])
  if (conffiles.length > 0) lines.set('conffiles', ['Conffiles:', ...conffiles.map(printConffile)].join('\n'))
  for (const [key, field] of control.fields) {
    if (NOT_RECORDED.has(key) || field.value === '') continue
    if (FALSE_BY_DEFAULT.has(key) && field.value === 'no') continue
    lines.set(key, printField(text, key, field))
  }
  for (const key of KEPT) {
    const field = before?.stanza.fields.get(key)
    if (!lines.has(key) && field !== undefined) lines.set(key, printField(before?.text ?? '', key, field))
  }
  const known = ORDER.map(name => name.toLowerCase())
  const others = [...lines.keys()].filter(key => !known.includes(key))
  return [...known, ...others].flatMap(key => lines.get(key) ?? []).join('\n')
}

function printConffile({ path, md5, obsolete, removeOnUpgrade }: RecordedConffile): string {
  return ` ${path} ${md5}${obsolete ? ' obsolete' : ''}${removeOnUpgrade ? ' remove-on-upgrade' : ''}`
}

function printField(text: string, key: string, field: Field): string {
  const name = ORDER.find(known => known.toLowerCase() === key) ?? field.name
  if (RELATIONS.has(key)) return `${name}: ${printRelations(field.value)}`
  const colon = text.indexOf(':', field.start)
  // Continuation lines stay as they are, white space at their ends aside.
  const [first = '', ...rest] = text.slice(colon + 1, field.end).split('\n')
  return [`${name}: ${first.trim()}`.trimEnd(), ...rest.map(line => line.trimEnd())].join('\n')
}

function printRelations(value: string): string {
  return value
    .split(',')
    .map(part => part.split('|').map(printRelation).join(' | '))
    .filter(part => part !== '')
    .join(', ')
}

function printRelation(written: string): string {
  const text = written.trim().replace(/\s+/g, ' ')
  const match = /^(\S+?) ?\( ?(<<|<=|=|>=|>>|<|>)? ?([^\s()]+) ?\)$/.exec(text)
  if (match === null) return text
  const [, name, operator = '=', version = ''] = match
  const sign = operator === '<' || operator === '>' ? `${operator}=` : operator
  return `${name} (${sign} ${version.replace(/^0+:/, '')})`
}
