/**
 * Reads `suture.yaml`. Text in, policy out; everything wrong ends in one `policy-invalid` fault that names the line. A key that is
 * not known is an error, since a policy that is silently not applied is worse than none.
 */
import semver from 'semver'
import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument, visit } from 'yaml'
import { Fault } from '../model/faults.ts'
import { DEFAULT_POLICY, DEFAULT_WEIGHTS, type Policy } from '../model/policy.ts'
import { isDebPin } from '../versions/deb-pin.ts'
import { closestKey } from './closest-key.ts'
import { type PolicyFile, policySchema } from './schema.ts'

export const POLICY_FILE = 'suture.yaml'

/** More than any policy needs; keeps what hostile files can cost small. */
const LARGEST = 256 * 1024
const MOST_ALIASES = 100
const DEEPEST = 16

export function readPolicy(text: string): Policy {
  if (text.length > LARGEST) throw new Fault('policy-invalid', `${POLICY_FILE} is larger than ${LARGEST / 1024} kB`)
  if (nestsTooDeep(text)) throw new Fault('policy-invalid', `${POLICY_FILE} is nested deeper than ${DEEPEST} levels`)
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, prettyErrors: false })
  const [broken] = document.errors
  if (broken) throw new Fault('policy-invalid', `${at(lines.linePos(broken.pos[0]).line)}: ${firstLine(broken.message)}`)
  checkKeys(document, lines)
  const parsed = policySchema.safeParse(plainValue(document) ?? {})
  if (parsed.success) return policyOf(parsed.data, document, lines)
  const [issue] = parsed.error.issues
  if (issue === undefined) throw new Fault('policy-invalid', `${POLICY_FILE} cannot be used`)
  throw explain(issue, document, lines)
}

type Issue = Extract<ReturnType<typeof policySchema.safeParse>, { success: false }>['error']['issues'][number]
type Path = readonly PropertyKey[]

/** Keys that are not plain words would be dropped or turned into text further on; here they are refused. */
function checkKeys(document: Document, lines: LineCounter): void {
  visit(document, {
    Pair(_, { key }) {
      if (isScalar(key) && String(key.value) !== '__proto__') return
      const line = isNode(key) && key.range ? lines.linePos(key.range[0]).line : 1
      throw new Fault('policy-invalid', `${at(line)}: this cannot be a key`)
    },
  })
}

function plainValue(document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: MOST_ALIASES })
  } catch (cause) {
    throw new Fault('policy-invalid', `${POLICY_FILE} uses too many aliases`, { cause })
  }
}

function explain(issue: Issue, document: Document, lines: LineCounter): Fault {
  if (issue.code !== 'unrecognized_keys') {
    return new Fault('policy-invalid', `${at(lineOf(document, issue.path, lines))}: ${dotted(issue.path)}${sentence(issue)}`)
  }
  const [key = ''] = issue.keys
  const near = closestKey(key, issue.path)
  const message = `${at(lineOf(document, [...issue.path, key], lines, true))}: unknown key "${dotted([...issue.path, key]).trimEnd()}"`
  return new Fault('policy-invalid', message, near === undefined ? {} : { hint: `Did you mean "${near}"?` })
}

function sentence(issue: Issue): string {
  if (issue.code === 'invalid_type')
    return issue.message.includes('received undefined') ? 'is missing' : `must be of type ${issue.expected}`
  if (issue.code === 'invalid_value') return `must be one of ${issue.values.join(', ')}`
  return issue.message.charAt(0).toLowerCase() + issue.message.slice(1)
}

function policyOf(file: PolicyFile, document: Document, lines: LineCounter): Policy {
  const range = (path: Path, value: string) => {
    if (semver.validRange(value, { loose: true }) !== null) return
    throw new Fault('policy-invalid', `${at(lineOf(document, path, lines))}: ${dotted(path)}"${value}" is not a version range`)
  }
  const pin: Record<string, string> = Object.create(null)
  for (const [name, value] of Object.entries(file.pin ?? {})) {
    if (!isDebPin(value)) range(['pin', name], value)
    pin[name] = value
  }
  if (file.node !== undefined) range(['node'], file.node)
  return {
    threshold: file.threshold ?? DEFAULT_POLICY.threshold,
    weights: { ...DEFAULT_WEIGHTS, ...present(file.weights ?? {}) },
    ignore: (file.ignore ?? []).map(present),
    coolDown: { ...DEFAULT_POLICY.coolDown, ...present(file.coolDown ?? {}) },
    hold: file.hold ?? [],
    pin,
    ...present({ node: file.node, aptSources: file.aptSources }),
  }
}

type Present<T> = { [K in keyof T]: Exclude<T[K], undefined> }

/** Drops keys whose value is undefined. */
function present<T extends object>(value: T): Present<T> {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as Present<T>
}

/** The line of the node at the path, or of the nearest one above it that exists. */
function lineOf(document: Document, path: Path, lines: LineCounter, key = false): number {
  for (let length = path.length; length >= 0; length--) {
    const parent = document.getIn(path.slice(0, length - 1), true)
    const last = path[length - 1]
    if (length > 0 && isMap(parent)) {
      const pair = parent.items.find(item => String(item.key) === String(last))
      const node = key || !isNode(pair?.value) ? pair?.key : pair.value
      if (isNode(node) && node.range) return lines.linePos(node.range[0]).line
    }
    const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true)
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line
  }
  return 1
}

/** Flow brackets and indentation bound the depth from above, without parsing: the parser itself recurses. */
function nestsTooDeep(text: string): boolean {
  let depth = 0
  for (const character of text) {
    if (character === '[' || character === '{') depth++
    else if (character === ']' || character === '}') depth = Math.max(depth - 1, 0)
    if (depth > DEEPEST) return true
  }
  return /^[ -]*(?:- ){17}/m.test(text) || /^(?:[^\n]*\? ){17}/m.test(text)
}

function at(line: number): string {
  return `${POLICY_FILE}, line ${line}`
}

function dotted(path: Path): string {
  return path.length === 0 ? '' : `${path.map(String).join('.')} `
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? text
}
