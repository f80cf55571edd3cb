/**
 * The root manifest's `overrides`. A rule `name[@range]` replaces the range of every need of that name below the place where it
 * stands; rules nested under a package hold for all that it brings. Source: npm's package.json documentation, "overrides".
 */
import { Fault } from '../../model/faults.ts'
import { inRange, parsedRange } from './ranges.ts'
import semver from 'semver'

export interface OverrideRule {
  readonly name: string
  /** Range in the rule's key; `*` when it has none. */
  readonly keyRange: string
  /** What the need becomes; undefined when the rule only holds nested rules. `$name` is already replaced. */
  readonly value: string | undefined
  readonly nested: readonly OverrideRule[]
  readonly parent: OverrideRule | undefined
}

const MAX_DEPTH = 32

/** Reads `overrides`; `references` answers `$name` with the root's own range for it. */
export function readOverrides(value: unknown, references: (name: string) => string | undefined): readonly OverrideRule[] {
  if (value === undefined) return []
  return readRules(value, references, undefined, 0)
}

function readRules(value: unknown, references: (name: string) => string | undefined, parent: OverrideRule | undefined, depth: number) {
  if (depth > MAX_DEPTH) throw new Fault('manifest-invalid', `The overrides in package.json are nested deeper than ${MAX_DEPTH}.`)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Fault('manifest-invalid', 'The overrides in package.json must be an object.')
  }
  const rules: OverrideRule[] = []
  for (const [key, inner] of Object.entries(value)) {
    if (key === '.') continue
    const at = key.indexOf('@', 1)
    const nested: OverrideRule[] = []
    const own = typeof inner === 'string' ? inner : dot(inner)
    const rule: OverrideRule = {
      name: at === -1 ? key : key.slice(0, at),
      keyRange: at === -1 ? '*' : key.slice(at + 1),
      value: own === undefined ? undefined : reference(own, references),
      nested,
      parent,
    }
    if (typeof inner !== 'string') nested.push(...readRules(inner, references, rule, depth + 1))
    rules.push(rule)
  }
  return rules
}

function dot(inner: unknown): string | undefined {
  const own = typeof inner === 'object' && inner !== null && Object.hasOwn(inner, '.') ? Reflect.get(inner, '.') : undefined
  return typeof own === 'string' ? own || '*' : undefined
}

function reference(value: string, references: (name: string) => string | undefined): string {
  if (!value.startsWith('$')) return value
  const found = references(value.slice(1))
  if (found === undefined) throw new Fault('manifest-invalid', `The override ${value} in package.json names no direct dependency.`)
  return found
}

/** The rules in force below `scope` (undefined: at the root), nearest first. */
function inForce(rules: readonly OverrideRule[], scope: OverrideRule | undefined): readonly OverrideRule[] {
  const found: OverrideRule[] = []
  for (let at = scope; at !== undefined; at = at.parent) found.push(...at.nested, at)
  return [...found, ...rules]
}

/** The range that holds for a need after overrides. */
export function overriddenRange(rules: readonly OverrideRule[], scope: OverrideRule | undefined, name: string, declared: string): string {
  if (rules.length === 0) return declared
  for (const rule of inForce(rules, scope)) {
    if (rule.name !== name) continue
    const concerns = rule.keyRange === '*' || parsedRange(declared) === undefined || semver.intersects(declared, rule.keyRange, true)
    if (concerns) return rule.value === undefined || rule.value === '*' ? declared : rule.value
  }
  return declared
}

/** The scope that holds below a node reached from `scope`. */
export function scopeBelow(rules: readonly OverrideRule[], scope: OverrideRule | undefined, name: string, version: string): OverrideRule | undefined {
  if (rules.length === 0) return undefined
  for (const rule of inForce(rules, scope)) {
    if (rule.name !== name) continue
    if (inRange(version, rule.keyRange) || (rule.value !== undefined && inRange(version, rule.value))) return rule
  }
  return scope
}
