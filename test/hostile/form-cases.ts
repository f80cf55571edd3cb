import { BIDI, both, type Case, ESCAPE, PLAIN } from './case.ts'
import { lockWith, manifestWith, oldLockWith } from './locks.ts'

const deep = (levels: number, open: string, close: string) => open.repeat(levels) + close.repeat(levels)
const nested = (levels: number) =>
  Array.from({ length: levels }, (_, level) => [`${'node_modules/a/'.repeat(level)}node_modules/a`, PLAIN] as const)
const links: readonly Case[] = [
  both('a link to itself', lockWith([['a', { link: true, resolved: 'a' }]]), 'lockfile-invalid'),
  both(
    'links in a circle',
    lockWith([
      ['node_modules/a', { link: true, resolved: 'node_modules/b' }],
      ['node_modules/b', { link: true, resolved: 'node_modules/a' }],
    ]),
    'lockfile-invalid',
  ),
  both('a link to nothing', lockWith([['node_modules/a', { link: true, resolved: 'gone' }]]), 'lockfile-invalid'),
  both('a link without a target', lockWith([['node_modules/a', { link: true }]]), 'lockfile-invalid'),
  both('a link to the project itself', lockWith([['node_modules/a', { link: true, resolved: '' }]]), 'answer'),
  both('a project that is a link', lockWith([['a', PLAIN]], 3, { link: true, resolved: 'a' }), 'lockfile-invalid'),
  both(
    'a link beside the project',
    lockWith([
      ['../a', { ...PLAIN, dependencies: { victim: '*' } }],
      ['node_modules/a', { link: true, resolved: '../a' }],
    ]),
    'answer',
  ),
  both(
    'a link to where secrets are',
    lockWith([
      ['../../../../etc', PLAIN],
      ['node_modules/a', { link: true, resolved: '../../../../etc' }],
    ]),
    'answer',
  ),
  both(
    'a link to an absolute path',
    lockWith([
      ['/etc', PLAIN],
      ['node_modules/a', { link: true, resolved: '/etc' }],
    ]),
    'lockfile-invalid',
  ),
  both(
    'a workspace with a path longer than any file system takes',
    lockWith([
      [`${'a'.repeat(300)}/b`, PLAIN],
      [`${'x/'.repeat(2000)}y`, PLAIN],
    ]),
    'answer',
  ),
  both(
    'workspaces inside each other',
    lockWith(
      [
        ['a', PLAIN],
        ['a/b', PLAIN],
        ['a/b/c', PLAIN],
        ['node_modules/a', { link: true, resolved: 'a/b/c' }],
      ],
      3,
    ),
    'answer',
    manifestWith({ workspaces: ['**', '../**', '/', '!(*)', '{a,b}'.repeat(500), '*'.repeat(5000)] }),
  ),
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
  both(
    'v1: packages 1,000 levels deep',
    `{"lockfileVersion":1,"dependencies":${'{"a":{"version":"1.0.0","dependencies":'.repeat(1000)}{}${'}}'.repeat(1000)}}`,
    'json-too-deep',
  ),
  both('v3: packages 60 levels deep', lockWith(nested(60)), 'answer'),
]

/** Of keys that stand twice, npm takes the last, as every reader by JavaScript does. */
const twice: readonly Case[] = [
  both('v3: a place twice', lockWith([['node_modules/victim', PLAIN]]), 'lockfile-invalid'),
  both('v1: a name twice', oldLockWith([['victim', PLAIN]]), 'lockfile-invalid'),
  both('packages twice', lockWith([]).replace('"packages":', '"packages":{},"packages":'), 'answer'),
  both('lockfileVersion twice', lockWith([]).replace('"lockfileVersion":3', '"lockfileVersion":1,"lockfileVersion":3'), 'answer'),
  both('a version twice', lockWith([]).replace('"version":"1.0.0","resolved"', '"version":"2.0.0","version":"1.0.0","resolved"'), 'answer'),
  both(
    'a manifest with dependencies twice',
    lockWith([]),
    'answer',
    manifestWith().replace('"dependencies":', '"dependencies":{},"dependencies":'),
  ),
]

const chain = (length: number) =>
  Array.from(
    { length },
    (_, at) => [`node_modules/c${at}`, { version: '1.0.0', dependencies: { [at + 1 < length ? `c${at + 1}` : 'victim']: '*' } }] as const,
  )

const shapes: readonly Case[] = [
  both(
    'a circle of needs',
    lockWith([
      ['node_modules/a', { ...PLAIN, dependencies: { b: '*' } }],
      ['node_modules/b', { ...PLAIN, dependencies: { a: '*', b: '*', victim: '*' } }],
    ]),
    'answer',
    manifestWith({ dependencies: { a: '*', victim: '*' } }),
  ),
  both('a chain of 20,000 needs', lockWith(chain(20_000)), 'answer', manifestWith({ dependencies: { c0: '*' } })),
  both(
    'a hub that needs 5,000',
    lockWith([
      ...chain(5_000),
      ['node_modules/hub', { version: '1.0.0', dependencies: Object.fromEntries(chain(5_000).map((_, at) => [`c${at}`, '*'])) }],
    ]),
    'answer',
    manifestWith({ dependencies: { hub: '*' } }),
  ),
  both(
    'all are bundled by each other',
    lockWith([
      ['node_modules/a', { ...PLAIN, inBundle: true, bundleDependencies: ['b'] }],
      ['node_modules/a/node_modules/b', { ...PLAIN, inBundle: true, hasShrinkwrap: true }],
    ]),
    'answer',
  ),
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
  both(
    'overrides that refer in a circle',
    lockWith([]),
    'answer',
    manifestWith({ dependencies: { victim: '$victim' }, overrides: { victim: '$victim' } }),
  ),
  both('overrides that refer to nothing', lockWith([]), 'manifest-invalid', manifestWith({ overrides: { victim: '$nothing' } })),
  both(
    'overrides of nonsense',
    lockWith([]),
    'answer',
    manifestWith({ overrides: { 'victim@garbage!!': '1', 'victim@>1 <': { x: '1' }, '': '1', '@': '1', '../x': '1', 'victim@': '1' } }),
  ),
  both(
    'many rules for many needs',
    lockWith(chain(5_000)),
    'answer',
    manifestWith({ dependencies: { c0: '*' }, overrides: Object.fromEntries(chain(1_000).map((_, at) => [`c${at}@>${at}`, `>=${at}`])) }),
  ),
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

/** Links, bytes, depths, sizes, overrides and policies that are none. */
export const FORM_CASES: readonly Case[] = [...links, ...bytes, ...nesting, ...twice, ...shapes, ...overrides, ...policies]

/** Each of these is found, each at the end of a very long way. */
export const LONG_WAYS = {
  vulnerable: Array.from({ length: 1_500 }, (_, at) => `c${18_499 + at}`),
  files: { 'package-lock.json': lockWith(chain(20_000)), 'package.json': manifestWith({ dependencies: { c0: '*' } }) },
}
