/** Damage to JSON, drawn from a seed. */

export type Random = (below: number) => number

/** Mulberry32: whole numbers below a bound, the same for the same seed. */
export function random(seed: number): Random {
  let state = seed >>> 0
  return below => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

const PIECES = [
  '{',
  '}',
  '[',
  ']',
  '"',
  ',',
  ':',
  '\\',
  '\\u0000',
  '\\ud800',
  'null',
  '1e999',
  '-',
  '\u202e',
  '\u0000',
  '\ufeff',
  'node_modules/',
  '../',
  '__proto__',
]

/** Some bytes gone, doubled or replaced. */
export function mutateText(text: string, next: Random): string {
  let damaged = text
  for (let times = 1 + next(3); times > 0; times--) {
    const start = next(damaged.length + 1)
    const end = Math.min(damaged.length, start + next(2) * next(40))
    const piece = next(3) === 0 ? damaged.slice(start, start + next(60)) : (PIECES[next(PIECES.length)] ?? '')
    damaged = `${damaged.slice(0, start)}${piece}${damaged.slice(end)}`
  }
  return damaged
}

const VALUES: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1e308,
  '',
  '*',
  '1.0.0',
  '^1',
  'latest',
  '$a',
  'npm:b@^1',
  'npm:npm:b@1',
  'npm:',
  'npm:@',
  'file:..',
  'git+ssh://x#y',
  'workspace:*',
  '__proto__',
  'constructor',
  '../..',
  'node_modules/a',
  'node_modules/a/node_modules/b',
  '\ud800',
  '\u001b[31m',
  '1'.repeat(300),
  '>=1 <2 || ~3',
  '1.0.0-\u202e',
  [],
  {},
  [[]],
  { '.': '1' },
  { a: { a: 'a' } },
  ['a', 7],
]
const KEYS = [
  '',
  '__proto__',
  'constructor',
  'toString',
  'node_modules/a',
  'node_modules/b/node_modules/a',
  'node_modules/@s/a',
  'packages/x',
  '../x',
  'a',
  'b',
  '@s/a',
  'version',
  'link',
  'resolved',
  'name',
  'inBundle',
  'bundled',
  'hasShrinkwrap',
  'dependencies',
  'peerDependencies',
  'peerDependenciesMeta',
  'optionalDependencies',
  'devDependencies',
  'requires',
  'overrides',
  'workspaces',
  'engines',
  'packages',
  'lockfileVersion',
  '.',
]

/** Some values and keys exchanged, removed, added or moved; the text stays JSON. */
export function mutateJson(text: string, next: Random): string {
  const root: unknown = JSON.parse(text)
  for (let times = 1 + next(4); times > 0; times--) {
    const all = containers(root)
    const target = all[next(all.length)]
    if (target !== undefined) damage(target, all, next)
  }
  return JSON.stringify(root)
}

type Container = Map<string, unknown> | { [key: string]: unknown } | unknown[]

function containers(value: unknown): Container[] {
  if (typeof value !== 'object' || value === null) return []
  const own: Container = Array.isArray(value) ? value : Object.assign(value)
  return [own, ...Object.values(value).flatMap(containers)]
}

function damage(target: Container, all: readonly Container[], next: Random) {
  const keys = Object.keys(target)
  const old = keys[next(Math.max(1, keys.length))] ?? ''
  const key = next(2) === 0 ? old : (KEYS[next(KEYS.length)] ?? '')
  const moved = structuredClone(next(4) === 0 ? all[1 + next(Math.max(1, all.length - 1))] : VALUES[next(VALUES.length)])
  if (next(5) === 0) Reflect.deleteProperty(target, old)
  else
    Object.defineProperty(target, key, {
      value: next(3) === 0 ? structuredClone(Reflect.get(target, old)) : moved,
      enumerable: true,
      configurable: true,
      writable: true,
    })
}
