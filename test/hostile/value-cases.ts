import { BIDI, both, type Case, ESCAPE, PLAIN } from './case.ts'
import { lockWith, manifestWith, objectOf, oldLockWith } from './locks.ts'

/** An entry at a place that is none, in every version of the format. */
function placed(name: string, ends = 'lockfile-invalid'): readonly Case[] {
  const shown = JSON.stringify(name.slice(0, 30))
  return [
    both(`v3: a place ${shown}`, lockWith([[name, PLAIN]]), BESIDE.includes(name) ? 'answer' : ends),
    both(`v3: a package ${shown}`, lockWith([[`node_modules/${name}`, PLAIN]]), ends),
    both(`v2: a need of ${shown}`, lockWith([['node_modules/a', { version: '1.0.0', dependencies: { [name]: '*' } }]], 2), ends),
    both(`v1: a package ${shown}`, oldLockWith([[name, PLAIN]]), ends),
    both(`v1: a need of ${shown}`, oldLockWith([['a', { version: '1.0.0', requires: { [name]: '*' } }]]), ends),
    both(
      `a manifest that asks for ${shown}`,
      lockWith([]),
      ends === 'lockfile-invalid' ? 'manifest-invalid' : ends,
      manifestWith({ dependencies: { [name]: '*' } }),
    ),
  ]
}

/** Folders beside the project may be linked into it. */
const BESIDE = ['../x', '..']
const PATHS = [
  '../x',
  '/etc/passwd',
  'node_modules/../../x',
  'C:\\x',
  'a\\b',
  '..',
  '.',
  'a/../..',
  './x',
  'a//b',
  '@a/../b',
  `a${ESCAPE}`,
  'a\u0000b',
  'a\ud800',
  'x'.repeat(5000),
]
const KEYS = ['__proto__', 'constructor', 'hasOwnProperty', 'toString', 'prototype', 'valueOf', '__defineGetter__']

const prototypeKeys = KEYS.flatMap((key): readonly Case[] => {
  const entry = `{"version":"1.0.0","dependencies":${objectOf([
    [key, '*'],
    ['victim', key],
  ])},"optionalDependencies":${objectOf([[key, '*']])},"peerDependencies":${objectOf([[key, '*']])},"peerDependenciesMeta":${objectOf([[key, { optional: true }]])},${JSON.stringify(key)}:{"x":1}}`
  const lock = lockWith([]).replace('"packages":{', `"packages":{${JSON.stringify(`node_modules/${key}`)}:${entry},`)
  const manifest = `{"name":"p","version":"1.0.0","dependencies":${objectOf([
    [key, '*'],
    ['victim', '^1.0.0'],
  ])},"overrides":${objectOf([[key, { [key]: '1' }]])},${JSON.stringify(key)}:1}`
  return [
    both(`v3: ${key} everywhere`, lock, 'answer', manifest),
    both(
      `v1: ${key} everywhere`,
      oldLockWith([]).replace(
        '"dependencies":{',
        `"dependencies":{${JSON.stringify(key)}:{"version":"1.0.0","requires":${objectOf([[key, '*']])},"dependencies":${objectOf([[key, PLAIN]])}},`,
      ),
      'answer',
      manifest,
    ),
    both(`${key} as a range`, lockWith([]), 'answer', manifestWith({ dependencies: { victim: key } })),
    both(`${key} as an override's value`, lockWith([]), 'answer', manifestWith({ overrides: { victim: key, a: `$victim` } })),
    both(`${key} as an override's reference`, lockWith([]), 'manifest-invalid', manifestWith({ overrides: { victim: `$${key}` } })),
  ]
})

const RANGE_BOMBS = [
  `${'1.0.0 || '.repeat(10_000)}1.0.0`,
  `${'>=1 '.repeat(900)}<3`,
  `>=${'1'.repeat(100_000)}`,
  `1.0.0-${'a.'.repeat(50_000)}a`,
  `^${' '.repeat(100_000)}1`,
  `${'1 - '.repeat(20_000)}2`,
  `${'<1||'.repeat(1000)}>1`,
  `~${'>'.repeat(50_000)}1.0.0-${'-'.repeat(50_000)}!`,
]
const ranges = RANGE_BOMBS.flatMap((range, index): readonly Case[] => [
  both(`range ${index} in a lock`, lockWith([['node_modules/a', { version: '1.0.0', dependencies: { victim: range } }]]), 'answer'),
  both(`range ${index} in a manifest`, lockWith([]), 'answer', manifestWith({ dependencies: { victim: range }, engines: { node: range } })),
  both(
    `range ${index} in an override`,
    lockWith([]),
    'answer',
    manifestWith({ overrides: { [`victim@${range}`]: '1.0.0', victim: { [`b@${range}`]: range } } }),
  ),
  both(`range ${index} as a version`, lockWith([['node_modules/a', { version: range }]]), 'either'),
  both(`v1: range ${index} as a version`, oldLockWith([['a', { version: range, requires: { victim: range } }]]), 'either'),
])

const WRONG: readonly unknown[] = [null, true, 7, Number.MAX_VALUE, 'text', [], {}, [[[]]]]
const FIELDS = [
  'version',
  'resolved',
  'integrity',
  'name',
  'link',
  'inBundle',
  'dependencies',
  'peerDependencies',
  'peerDependenciesMeta',
  'engines',
  'deprecated',
  'requires',
  'bundled',
  'optional',
  'dev',
]
const types = WRONG.flatMap((value): readonly Case[] => {
  const shown = JSON.stringify(value)
  return [
    both(
      `everything is ${shown}`,
      shown,
      value === null || typeof value !== 'object' || Array.isArray(value) ? 'lockfile-invalid' : 'lockfile-unsupported',
    ),
    both(`v3: packages are ${shown}`, `{"lockfileVersion":3,"packages":${shown}}`, 'lockfile-invalid'),
    both(`v1: dependencies are ${shown}`, `{"lockfileVersion":1,"dependencies":${shown}}`, 'answer'),
    both(`v3: an entry is ${shown}`, lockWith([['node_modules/a', value]]), 'either'),
    both(`v1: an entry is ${shown}`, oldLockWith([['a', value]]), 'either'),
    both(`lockfileVersion is ${shown}`, `{"lockfileVersion":${shown},"packages":{"":{}}}`, 'lockfile-unsupported'),
    both(`package.json is ${shown}`, lockWith([]), 'either', shown),
    both(`overrides are ${shown}`, lockWith([]), 'either', manifestWith({ overrides: value })),
    both(`workspaces are ${shown}`, lockWith([]), 'answer', manifestWith({ workspaces: value })),
    both(
      `a manifest's fields are ${shown}`,
      lockWith([]),
      'either',
      manifestWith({ name: value, dependencies: value, devDependencies: value, engines: value, peerDependenciesMeta: value }),
    ),
    both(
      `v3: every field is ${shown}`,
      lockWith(FIELDS.map(field => [`node_modules/${field.toLowerCase()}`, { version: '1.0.0', [field]: value }] as const)),
      'either',
    ),
    both(
      `v1: every field is ${shown}`,
      oldLockWith(FIELDS.map(field => [field.toLowerCase(), { version: '1.0.0', [field]: value }] as const)),
      'either',
    ),
  ]
})

const names: readonly Case[] = [
  both('escapes in the project’s name', lockWith([]), 'either', manifestWith({ name: `p${ESCAPE}${BIDI}` })),
  both(
    'bidi in a package’s name',
    lockWith([[`node_modules/${BIDI}`, { ...PLAIN, dependencies: { victim: '*' } }]]),
    'either',
    manifestWith({ dependencies: { [BIDI]: '*' } }),
  ),
  both('escapes in a version', lockWith([['node_modules/a', { version: `1.0.0${ESCAPE}` }]]), 'lockfile-invalid'),
  both(
    'bidi in a version',
    lockWith([['node_modules/a', { version: `1.0.0-${BIDI}`, dependencies: { victim: '*' } }]]),
    'either',
    manifestWith({ dependencies: { a: '*' } }),
  ),
  both('v1: escapes in a version', oldLockWith([['a', { version: `1.0.0${ESCAPE}` }]]), 'lockfile-invalid'),
  both('escapes in an own name', lockWith([['node_modules/a', { ...PLAIN, name: `victim${ESCAPE}` }]]), 'lockfile-invalid'),
  both('a path as an own name', lockWith([['node_modules/a', { ...PLAIN, name: '../../x' }]]), 'lockfile-invalid'),
  both('half a character as an own name', lockWith([['node_modules/a', { ...PLAIN, name: 'a\ud800' }]]), 'lockfile-invalid'),
  both('half a character in a version', lockWith([['node_modules/a', { version: '1.0.0-\ud800' }]]), 'lockfile-invalid'),
  both('v1: half a character in a version', oldLockWith([['a', { version: '1.0.0-\ud800' }]]), 'lockfile-invalid'),
  both('v1: half a character in an alias', oldLockWith([['a', { version: 'npm:a\ud800@1.0.0' }]]), 'lockfile-invalid'),
  both('v1: a path as an alias', oldLockWith([['a', { version: 'npm:..@1.0.0' }]]), 'lockfile-invalid'),
  both(
    'escapes in integrity and resolved',
    lockWith([['node_modules/a', { ...PLAIN, integrity: ESCAPE, resolved: `https://x/${ESCAPE}` }]]),
    'either',
  ),
  both('a range of escapes', lockWith([['node_modules/a', { ...PLAIN, dependencies: { victim: ESCAPE } }]]), 'either'),
]

/** Names, keys, ranges and values that are none. */
export const VALUE_CASES: readonly Case[] = [...PATHS.flatMap(path => placed(path)), ...prototypeKeys, ...ranges, ...types, ...names]
