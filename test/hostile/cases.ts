import { type Entry, lockWith, manifestWith, objectOf, oldLockWith } from './locks.ts'
import type { Files } from './run-suture.ts'

export interface Case {
  readonly name: string
  readonly files: Files
  /** The fault's code, `answer`, or `either` where both are right. */
  readonly ends: string
}

const ESCAPE = '\u001b[2J\u001b]0;owned\u0007'
const BIDI = '\u202eevil\u2066'
const PLAIN: Entry = { version: '1.0.0' }

const both = (name: string, lock: string | Uint8Array, ends: string, manifest: string | Uint8Array = manifestWith()): Case => ({
  name,
  files: { 'package-lock.json': lock, 'package.json': manifest },
  ends,
})

/** An entry at a place that is none, in every version of the format. */
function placed(name: string, ends = 'lockfile-invalid'): readonly Case[] {
  const shown = JSON.stringify(name.slice(0, 30))
  return [
    both(`v3: a place ${shown}`, lockWith([[name, PLAIN]]), BESIDE.includes(name) ? 'answer' : ends),
    both(`v3: a package ${shown}`, lockWith([[`node_modules/${name}`, PLAIN]]), ends),
    both(`v2: a need of ${shown}`, lockWith([['node_modules/a', { version: '1.0.0', dependencies: { [name]: '*' } }]], 2), ends),
    both(`v1: a package ${shown}`, oldLockWith([[name, PLAIN]]), ends),
    both(`v1: a need of ${shown}`, oldLockWith([['a', { version: '1.0.0', requires: { [name]: '*' } }]]), ends),
    both(`a manifest that asks for ${shown}`, lockWith([]), ends === 'lockfile-invalid' ? 'manifest-invalid' : ends, manifestWith({ dependencies: { [name]: '*' } })),
  ]
}

/** Folders beside the project may be linked into it. */
const BESIDE = ['../x', '..']
const PATHS = ['../x', '/etc/passwd', 'node_modules/../../x', 'C:\\x', 'a\\b', '..', '.', 'a/../..', './x', 'a//b', '@a/../b', `a${ESCAPE}`, 'a\u0000b', 'a\ud800', 'x'.repeat(5000)]
const KEYS = ['__proto__', 'constructor', 'hasOwnProperty', 'toString', 'prototype', 'valueOf', '__defineGetter__']

const prototypeKeys = KEYS.flatMap((key): readonly Case[] => {
  const entry = `{"version":"1.0.0","dependencies":${objectOf([[key, '*'], ['victim', key]])},"optionalDependencies":${objectOf([[key, '*']])},"peerDependencies":${objectOf([[key, '*']])},"peerDependenciesMeta":${objectOf([[key, { optional: true }]])},${JSON.stringify(key)}:{"x":1}}`
  const lock = lockWith([]).replace('"packages":{', `"packages":{${JSON.stringify(`node_modules/${key}`)}:${entry},`)
  const manifest = `{"name":"p","version":"1.0.0","dependencies":${objectOf([[key, '*'], ['victim', '^1.0.0']])},"overrides":${objectOf([[key, { [key]: '1' }]])},${JSON.stringify(key)}:1}`
  return [
    both(`v3: ${key} everywhere`, lock, 'answer', manifest),
    both(`v1: ${key} everywhere`, oldLockWith([]).replace('"dependencies":{', `"dependencies":{${JSON.stringify(key)}:{"version":"1.0.0","requires":${objectOf([[key, '*']])},"dependencies":${objectOf([[key, PLAIN]])}},`), 'answer', manifest),
    both(`${key} as a range`, lockWith([]), 'answer', manifestWith({ dependencies: { victim: key } })),
    both(`${key} as an override's value`, lockWith([]), 'answer', manifestWith({ overrides: { victim: key, a: `$victim` } })),
    both(`${key} as an override's reference`, lockWith([]), 'manifest-invalid', manifestWith({ overrides: { victim: `$${key}` } })),
  ]
})

const deep = (levels: number, open: string, close: string) => open.repeat(levels) + close.repeat(levels)
const nested = (levels: number) => Array.from({ length: levels }, (_, level) => [`${'node_modules/a/'.repeat(level)}node_modules/a`, PLAIN] as const)
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
  both(`range ${index} in an override`, lockWith([]), 'answer', manifestWith({ overrides: { [`victim@${range}`]: '1.0.0', victim: { [`b@${range}`]: range } } })),
  both(`range ${index} as a version`, lockWith([['node_modules/a', { version: range }]]), 'either'),
  both(`v1: range ${index} as a version`, oldLockWith([['a', { version: range, requires: { victim: range } }]]), 'either'),
])

const WRONG: readonly unknown[] = [null, true, 7, 1e400, 'text', [], {}, [[[]]]]
const FIELDS = ['version', 'resolved', 'integrity', 'name', 'link', 'inBundle', 'dependencies', 'peerDependencies', 'peerDependenciesMeta', 'engines', 'deprecated', 'requires', 'bundled', 'optional', 'dev']
const types = WRONG.flatMap((value): readonly Case[] => {
  const shown = JSON.stringify(value)
  return [
    both(`everything is ${shown}`, shown, value === null || typeof value !== 'object' || Array.isArray(value) ? 'lockfile-invalid' : 'lockfile-unsupported'),
    both(`v3: packages are ${shown}`, `{"lockfileVersion":3,"packages":${shown}}`, 'lockfile-invalid'),
    both(`v1: dependencies are ${shown}`, `{"lockfileVersion":1,"dependencies":${shown}}`, 'answer'),
    both(`v3: an entry is ${shown}`, lockWith([['node_modules/a', value]]), 'either'),
    both(`v1: an entry is ${shown}`, oldLockWith([['a', value]]), 'either'),
    both(`lockfileVersion is ${shown}`, `{"lockfileVersion":${shown},"packages":{"":{}}}`, 'lockfile-unsupported'),
    both(`package.json is ${shown}`, lockWith([]), 'either', shown),
    both(`overrides are ${shown}`, lockWith([]), 'either', manifestWith({ overrides: value })),
    both(`workspaces are ${shown}`, lockWith([]), 'answer', manifestWith({ workspaces: value })),
    both(`a manifest's fields are ${shown}`, lockWith([]), 'either', manifestWith({ name: value, dependencies: value, devDependencies: value, engines: value, peerDependenciesMeta: value })),
    both(`v3: every field is ${shown}`, lockWith(FIELDS.map(field => [`node_modules/${field.toLowerCase()}`, { version: '1.0.0', [field]: value }] as const)), 'either'),
    both(`v1: every field is ${shown}`, oldLockWith(FIELDS.map(field => [field.toLowerCase(), { version: '1.0.0', [field]: value }] as const)), 'either'),
  ]
})

const links: readonly Case[] = [
  both('a link to itself', lockWith([['a', { link: true, resolved: 'a' }]]), 'lockfile-invalid'),
  both('links in a circle', lockWith([['node_modules/a', { link: true, resolved: 'node_modules/b' }], ['node_modules/b', { link: true, resolved: 'node_modules/a' }]]), 'lockfile-invalid'),
  both('a link to nothing', lockWith([['node_modules/a', { link: true, resolved: 'gone' }]]), 'lockfile-invalid'),
  both('a link without a target', lockWith([['node_modules/a', { link: true }]]), 'lockfile-invalid'),
  both('a link to the project itself', lockWith([['node_modules/a', { link: true, resolved: '' }]]), 'answer'),
  both('a project that is a link', lockWith([['a', PLAIN]], 3, { link: true, resolved: 'a' }), 'lockfile-invalid'),
  both('a link beside the project', lockWith([['../a', { ...PLAIN, dependencies: { victim: '*' } }], ['node_modules/a', { link: true, resolved: '../a' }]]), 'answer'),
  both('a link to where secrets are', lockWith([['../../../../etc', PLAIN], ['node_modules/a', { link: true, resolved: '../../../../etc' }]]), 'answer'),
  both('a link to an absolute path', lockWith([['/etc', PLAIN], ['node_modules/a', { link: true, resolved: '/etc' }]]), 'lockfile-invalid'),
  both('a workspace with a path longer than any file system takes', lockWith([[`${'a'.repeat(300)}/b`, PLAIN], [`${'x/'.repeat(2000)}y`, PLAIN]]), 'answer'),
  both('workspaces inside each other', lockWith([['a', PLAIN], ['a/b', PLAIN], ['a/b/c', PLAIN], ['node_modules/a', { link: true, resolved: 'a/b/c' }]], 3), 'answer', manifestWith({ workspaces: ['**', '../**', '/', '!(*)', '{a,b}'.repeat(500), '*'.repeat(5000)] })),
]

const bytes: readonly Case[] = [
  both('an empty lock', '', 'json-invalid'),
  both('a lock of one byte order mark', '\ufeff', 'json-invalid'),
  both('a byte order mark before the lock', `\ufeff${lockWith([])}`, 'answer'),
  both('UTF-16', Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(lockWith([]), 'utf16le')]), 'json-invalid'),
  both('bytes that are no text', Buffer.from([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x3a, 0x31, 0x7d]), 'json-invalid'),
  both('a lock that breaks off', lockWith([]).slice(0, 150), 'json-invalid'),
  both('a lock that goes on', `${lockWith([])}x`, 'json-invalid'),
  both('zeros', Buffer.alloc(10_000), 'json-invalid'),
  both('newlines without end', '\n'.repeat(4_000_000), 'json-invalid'),
  both('one endless string', `{"a":"${'x'.repeat(4_000_000)}`, 'json-invalid'),
  both('comments', `// hello\n${lockWith([])}`, 'json-invalid'),
  both('escapes where JSON is expected', ESCAPE + BIDI, 'json-invalid'),
  both('an empty manifest', lockWith([]), 'json-invalid', ''),
  both('a manifest that is no text', lockWith([]), 'json-invalid', Buffer.from([0xff, 0xfe, 0x7b, 0x00])),
  both('numbers that are none', lockWith([]).replace('"requires":true', '"requires":NaN'), 'json-invalid'),
  both('lockfileVersion 1e0', lockWith([]).replace('"lockfileVersion":3', '"lockfileVersion":3e0'), 'answer'),
  both('lockfileVersion 99…', lockWith([]).replace('"lockfileVersion":3', `"lockfileVersion":${'9'.repeat(5000)}`), 'lockfile-unsupported'),
]

const nesting: readonly Case[] = [
  both('100,000 lists in each other', `{"a":${deep(100_000, '[', ']')}}`, 'json-too-deep'),
  both('100,000 objects in each other', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`, 'json-too-deep'),
  both('100,000 objects that do not end', '{"a":'.repeat(100_000), 'json-too-deep'),
  both('a manifest of 100,000 lists', lockWith([]), 'json-too-deep', `{"a":${deep(100_000, '[', ']')}}`),
  both('v3: packages 1,000 levels deep', lockWith(nested(1000)), 'lockfile-invalid'),
  both('v1: packages 1,000 levels deep', `{"lockfileVersion":1,"dependencies":${'{"a":{"version":"1.0.0","dependencies":'.repeat(1000)}{}${'}}'.repeat(1000)}}`, 'json-too-deep'),
  both('v3: packages 60 levels deep', lockWith(nested(60)), 'answer'),
]

/** Of keys that stand twice, npm takes the last, as every reader by JavaScript does. */
const twice: readonly Case[] = [
  both('v3: a place twice', lockWith([['node_modules/victim', PLAIN]]), 'lockfile-invalid'),
  both('v1: a name twice', oldLockWith([['victim', PLAIN]]), 'lockfile-invalid'),
  both('packages twice', lockWith([]).replace('"packages":', '"packages":{},"packages":'), 'answer'),
  both('lockfileVersion twice', lockWith([]).replace('"lockfileVersion":3', '"lockfileVersion":1,"lockfileVersion":3'), 'answer'),
  both('a version twice', lockWith([]).replace('"version":"1.0.0","resolved"', '"version":"2.0.0","version":"1.0.0","resolved"'), 'answer'),
  both('a manifest with dependencies twice', lockWith([]), 'answer', manifestWith().replace('"dependencies":', '"dependencies":{},"dependencies":')),
]

const chain = (length: number) =>
  Array.from({ length }, (_, at) => [`node_modules/c${at}`, { version: '1.0.0', dependencies: { [at + 1 < length ? `c${at + 1}` : 'victim']: '*' } }] as const)

const shapes: readonly Case[] = [
  both('a circle of needs', lockWith([['node_modules/a', { ...PLAIN, dependencies: { b: '*' } }], ['node_modules/b', { ...PLAIN, dependencies: { a: '*', b: '*', victim: '*' } }]]), 'answer', manifestWith({ dependencies: { a: '*', victim: '*' } })),
  both('a chain of 20,000 needs', lockWith(chain(20_000)), 'answer', manifestWith({ dependencies: { c0: '*' } })),
  both('a hub that needs 5,000', lockWith([...chain(5_000), ['node_modules/hub', { version: '1.0.0', dependencies: Object.fromEntries(chain(5_000).map((_, at) => [`c${at}`, '*'])) }]]), 'answer', manifestWith({ dependencies: { hub: '*' } })),
  both('all are bundled by each other', lockWith([['node_modules/a', { ...PLAIN, inBundle: true, bundleDependencies: ['b'] }], ['node_modules/a/node_modules/b', { ...PLAIN, inBundle: true, hasShrinkwrap: true }]]), 'answer'),
  both('no entry for the project', '{"lockfileVersion":3,"packages":{}}', 'lockfile-invalid'),
  { name: 'v1: no manifest', files: { 'package-lock.json': oldLockWith([]) }, ends: 'manifest-invalid' },
  { name: 'v3: no manifest', files: { 'package-lock.json': lockWith([]) }, ends: 'answer' },
  { name: 'no lock', files: { 'package.json': manifestWith() }, ends: 'target-not-found' },
]

function overrideBomb(depth: number, width: number): unknown {
  if (depth === 0) return '1.0.0'
  return Object.fromEntries(Array.from({ length: width }, (_, at) => [`victim@${at}`, overrideBomb(depth - 1, width)]))
}

const overrides: readonly Case[] = [
  both('overrides 100 levels deep', lockWith([]), 'manifest-invalid', manifestWith({ overrides: overrideBomb(100, 1) })),
  both('overrides of 10⁵ rules', lockWith([]), 'manifest-invalid', manifestWith({ overrides: overrideBomb(5, 10) })),
  both('overrides that refer in a circle', lockWith([]), 'answer', manifestWith({ dependencies: { victim: '$victim' }, overrides: { victim: '$victim' } })),
  both('overrides that refer to nothing', lockWith([]), 'manifest-invalid', manifestWith({ overrides: { victim: '$nothing' } })),
  both('overrides of nonsense', lockWith([]), 'answer', manifestWith({ overrides: { 'victim@garbage!!': '1', 'victim@>1 <': { x: '1' }, '': '1', '@': '1', '../x': '1', 'victim@': '1' } })),
  both('many rules for many needs', lockWith(chain(5_000)), 'answer', manifestWith({ dependencies: { c0: '*' }, overrides: Object.fromEntries(chain(1_000).map((_, at) => [`c${at}@>${at}`, `>=${at}`])) })),
]

const names: readonly Case[] = [
  both('escapes in the project’s name', lockWith([]), 'either', manifestWith({ name: `p${ESCAPE}${BIDI}` })),
  both('bidi in a package’s name', lockWith([[`node_modules/${BIDI}`, { ...PLAIN, dependencies: { victim: '*' } }]]), 'either', manifestWith({ dependencies: { [BIDI]: '*' } })),
  both('escapes in a version', lockWith([['node_modules/a', { version: `1.0.0${ESCAPE}` }]]), 'lockfile-invalid'),
  both('bidi in a version', lockWith([['node_modules/a', { version: `1.0.0-${BIDI}`, dependencies: { victim: '*' } }]]), 'either', manifestWith({ dependencies: { a: '*' } })),
  both('v1: escapes in a version', oldLockWith([['a', { version: `1.0.0${ESCAPE}` }]]), 'lockfile-invalid'),
  both('escapes in an own name', lockWith([['node_modules/a', { ...PLAIN, name: `victim${ESCAPE}` }]]), 'lockfile-invalid'),
  both('a path as an own name', lockWith([['node_modules/a', { ...PLAIN, name: '../../x' }]]), 'lockfile-invalid'),
  both('half a character as an own name', lockWith([['node_modules/a', { ...PLAIN, name: 'a\ud800' }]]), 'lockfile-invalid'),
  both('half a character in a version', lockWith([['node_modules/a', { version: '1.0.0-\ud800' }]]), 'lockfile-invalid'),
  both('v1: half a character in a version', oldLockWith([['a', { version: '1.0.0-\ud800' }]]), 'lockfile-invalid'),
  both('v1: half a character in an alias', oldLockWith([['a', { version: 'npm:a\ud800@1.0.0' }]]), 'lockfile-invalid'),
  both('v1: a path as an alias', oldLockWith([['a', { version: 'npm:..@1.0.0' }]]), 'lockfile-invalid'),
  both('escapes in integrity and resolved', lockWith([['node_modules/a', { ...PLAIN, integrity: ESCAPE, resolved: `https://x/${ESCAPE}` }]]), 'either'),
  both('a range of escapes', lockWith([['node_modules/a', { ...PLAIN, dependencies: { victim: ESCAPE } }]]), 'either'),
]

const policy = (name: string, text: string | Uint8Array, ends = 'policy-invalid'): Case => ({
  name: `suture.yaml: ${name}`,
  files: { 'package-lock.json': lockWith([]), 'package.json': manifestWith(), 'suture.yaml': text },
  ends,
})

const laughs = Array.from({ length: 12 }, (_, at) => `a${at}: &a${at} [${at === 0 ? '1' : `*a${at - 1},`.repeat(10)}]`).join('\n')
const policies: readonly Case[] = [
  policy('a billion laughs', laughs),
  policy('nested without end', deep(50_000, '[', ']')),
  policy('nested maps', Array.from({ length: 3_000 }, (_, at) => `${' '.repeat(at)}a:`).join('\n')),
  policy('prototype keys', '__proto__:\n  threshold: low\nconstructor: 1\n'),
  policy('prototype keys in pins', 'pin:\n  __proto__: "1"\n  constructor: "^1"\n', 'either'),
  policy('escapes', `${ESCAPE}: ${BIDI}\n`),
  policy('bytes', Buffer.from([0xff, 0xfe, 0x00, 0x01])),
  policy('tags', 'threshold: !!js/function "function(){}"\n'),
  policy('wrong types', 'threshold: [low]\nweights: 7\nignore: {}\npin: []\nhold: 1\n'),
  policy('a pin of 100 kB', `pin:\n  victim: "${'1 || '.repeat(20_000)}1"\n`, 'either'),
  policy('too large', '# '.repeat(1_000_000)),
]

export const CASES: readonly Case[] = [
  ...PATHS.flatMap(path => placed(path)),
  ...prototypeKeys,
  ...ranges,
  ...types,
  ...links,
  ...bytes,
  ...nesting,
  ...twice,
  ...shapes,
  ...overrides,
  ...names,
  ...policies,
]
