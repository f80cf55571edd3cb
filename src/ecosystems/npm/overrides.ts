/**
 * The root manifest's `overrides`. A rule `name[@range]` replaces the range of every need of that name below the place where it
 * stands; rules nested under a package hold for all that it brings. Source: npm's package.json documentation, "overrides".
 */
import { Fault } from '../../model/faults.ts'
import { printable } from './lock-fields.ts'
import { inRange, parsedRange, rangesIntersect } from './ranges.ts'

export interface OverrideRule {
  readonly name: string
  /** Range in the rule's key; `*` when it has none. */
  readonly keyRange: string
  /** What the need becomes; undefined when the rule only holds nested rules. `$name` is already replaced. */
  readonly value: string | undefined
  readonly nested: readonly OverrideRule[]
  readonly parent: OverrideRule | undefined
}

/** Bounds, far above what people write: each need is held against every rule of its name that is in force. */
const MAX_DEPTH = 16
const MAX_RULES_OF_ONE_NAME = 32
const MAX_RULES = 10_000

/** Reads `overrides`; `references` answers `$name` with the root's own range for it. */
export function readOverrides(value: unknown, references: (name: string) => string | undefined): readonly OverrideRule[] {
  return value === undefined ? [] : new Reader(references).rules(value, undefined, 0)
}

class Reader {
  readonly #references: (name: string) => string | undefined
  #left = MAX_RULES

  constructor(references: (name: string) => string | undefined) {
    this.#references = references
  }

  rules(value: unknown, parent: OverrideRule | undefined, depth: number): readonly OverrideRule[] {
    if (depth > MAX_DEPTH) throw invalid(`are nested deeper than ${MAX_DEPTH}`)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid('must be an object')
    const rules: OverrideRule[] = []
    const ofName = new Map<string, number>()
    for (const [key, inner] of Object.entries(value)) {
      if (key === '.') continue
      const rule = this.#rule(key, inner, parent, depth)
      const same = (ofName.get(rule.name) ?? 0) + 1
      if (same > MAX_RULES_OF_ONE_NAME)
        throw invalid(`hold more than ${MAX_RULES_OF_ONE_NAME} rules for ${printable(rule.name)} in one place`)
      ofName.set(rule.name, same)
      rules.push(rule)
    }
    return rules
  }

  #rule(key: string, inner: unknown, parent: OverrideRule | undefined, depth: number): OverrideRule {
    if (--this.#left < 0) throw invalid(`hold more than ${MAX_RULES} rules`)
    const at = key.indexOf('@', 1)
    const own = typeof inner === 'string' ? inner : dot(inner)
    const nested: OverrideRule[] = []
    const rule: OverrideRule = {
      name: at === -1 ? key : key.slice(0, at),
      keyRange: at === -1 ? '*' : key.slice(at + 1),
      value: own === undefined ? undefined : this.#reference(own),
      nested,
      parent,
    }
    if (typeof inner !== 'string') nested.push(...this.rules(inner, rule, depth + 1))
    return rule
  }

  #reference(value: string): string {
    if (!value.startsWith('$')) return value
    const found = this.#references(value.slice(1))
    if (found === undefined) throw invalid(`say ${printable(value)}, which is no direct dependency`)
    return found
  }
}

function invalid(what: string): Fault {
  return new Fault('manifest-invalid', `The overrides in package.json ${what}.`)
}

function dot(inner: unknown): string | undefined {
  const own = typeof inner === 'object' && inner !== null && Object.hasOwn(inner, '.') ? Reflect.get(inner, '.') : undefined
  return typeof own === 'string' ? own || '*' : undefined
}

/** The rules for a name in force below `scope` (undefined: at the root), nearest first. */
function* inForce(rules: readonly OverrideRule[], scope: OverrideRule | undefined, name: string): Generator<OverrideRule> {
  for (let at = scope; at !== undefined; at = at.parent) {
    yield* ofName(at.nested, name)
    if (at.name === name) yield at
  }
  yield* ofName(rules, name)
}

const indexes = new WeakMap<readonly OverrideRule[], ReadonlyMap<string, readonly OverrideRule[]>>()

function ofName(rules: readonly OverrideRule[], name: string): readonly OverrideRule[] {
  if (rules.length === 0) return rules
  let index = indexes.get(rules)
  if (index === undefined) {
    index = Map.groupBy(rules, rule => rule.name)
    indexes.set(rules, index)
  }
  return index.get(name) ?? []
}

/** The range that holds for a need after overrides. */
export function overriddenRange(rules: readonly OverrideRule[], scope: OverrideRule | undefined, name: string, declared: string): string {
  if (rules.length === 0) return declared
  for (const rule of inForce(rules, scope, name)) {
    const concerns = rule.keyRange === '*' || parsedRange(declared) === undefined || rangesIntersect(declared, rule.keyRange)
    if (concerns) return rule.value === undefined || rule.value === '*' ? declared : rule.value
  }
  return declared
}

/** The scope that holds below a node reached from `scope`. */
export function scopeBelow(
  rules: readonly OverrideRule[],
  scope: OverrideRule | undefined,
  name: string,
  version: string,
): OverrideRule | undefined {
  if (rules.length === 0) return undefined
  for (const rule of inForce(rules, scope, name)) {
    if (inRange(version, rule.keyRange) || (rule.value !== undefined && inRange(version, rule.value))) return rule
  }
  return scope
}
