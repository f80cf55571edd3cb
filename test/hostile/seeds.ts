/** Small right projects in every version of the format, with all that a lock can hold. */

const dist = (name: string, version = '1.0.0') => ({
  version,
  resolved: `https://registry.example/${name}/-/${name}-${version}.tgz`,
  integrity: `sha512-${'A'.repeat(86)}==`,
})

const manifest = {
  name: 'project',
  version: '1.0.0',
  workspaces: ['packages/*'],
  engines: { node: '>=18' },
  dependencies: {
    a: '^1.0.0',
    victim: '^1.0.0',
    alias: 'npm:b@^1',
    git: 'git+ssh://git@host.example/g.git#semver:^1',
    local: 'file:local',
  },
  devDependencies: { '@s/a': '~1.0.0' },
  optionalDependencies: { o: '1' },
  peerDependencies: { p: '*', q: '>=1 <3 || 4' },
  peerDependenciesMeta: { q: { optional: true } },
  overrides: { b: '^1.0.0', a: { '.': '1.0.0', 'victim@1': '$victim', c: { d: '1' } } },
}

const packages = {
  '': manifest,
  'packages/x': { name: 'x', version: '1.0.0', dependencies: { victim: '1' } },
  local: { version: '1.0.0' },
  'node_modules/x': { link: true, resolved: 'packages/x' },
  'node_modules/local': { link: true, resolved: 'local' },
  'node_modules/a': {
    ...dist('a'),
    dependencies: { b: '^1', c: '*' },
    peerDependencies: { victim: '1' },
    engines: { node: '>=4' },
    bin: { a: 'a.js' },
  },
  'node_modules/a/node_modules/b': { ...dist('b', '1.5.0'), dependencies: { a: '*', victim: '1' } },
  'node_modules/alias': { name: 'b', ...dist('b', '1.2.0') },
  'node_modules/c': { ...dist('c'), bundleDependencies: ['d'], dependencies: { d: '1' }, hasInstallScript: true, deprecated: 'old' },
  'node_modules/c/node_modules/d': { version: '1.0.0', inBundle: true },
  'node_modules/git': { version: '1.0.0', resolved: 'git+ssh://git@host.example/g.git#0123456789012345678901234567890123456789' },
  'node_modules/@s/a': { ...dist('a'), dev: true, peerDependencies: { q: '*' }, peerDependenciesMeta: { q: { optional: true } } },
  'node_modules/o': { ...dist('o'), optional: true, os: ['linux'], hasShrinkwrap: true, dependencies: { victim: '1' } },
  'node_modules/o/node_modules/victim': dist('victim', '1.9.0'),
  'node_modules/p': { ...dist('p'), peer: true },
  'node_modules/victim': dist('victim'),
}

const dependencies = {
  a: { ...dist('a'), requires: { b: '^1', c: '*' }, dependencies: { b: { ...dist('b', '1.5.0'), requires: { a: '1.0.0', victim: '1' } } } },
  alias: { ...dist('b'), version: 'npm:b@1.2.0' },
  c: { ...dist('c'), requires: { d: '1' }, dependencies: { d: { version: '1.0.0', bundled: true } } },
  git: { version: 'git+ssh://git@host.example/g.git#0123456789012345678901234567890123456789', from: 'git+ssh://git@host.example/g.git' },
  local: { version: 'file:local' },
  '@s/a': { ...dist('a'), dev: true },
  o: { ...dist('o'), optional: true, requires: { victim: '1' } },
  victim: dist('victim'),
}

const text = (value: unknown) => JSON.stringify(value)
const head = { name: 'project', version: '1.0.0', requires: true }

export const SEEDS: readonly { readonly name: string; readonly lock: string; readonly manifest: string }[] = [
  { name: 'version 1', lock: text({ ...head, lockfileVersion: 1, dependencies }), manifest: text(manifest) },
  { name: 'version 2', lock: text({ ...head, lockfileVersion: 2, packages, dependencies }), manifest: text(manifest) },
  { name: 'version 3', lock: text({ ...head, lockfileVersion: 3, packages }), manifest: text(manifest) },
]
