import { gzipSync } from 'node:zlib'
import type { LoopbackRegistry, Misbehaviour, SeenRequest, TestManifest, TestPackages } from '../registry/server.ts'

export interface RegistryCase {
  readonly name: string
  /** Versions of `victim` besides 1.0.0; `{ '1.1.0': {} }` unless given. */
  readonly fixed?: Readonly<Record<string, TestManifest>>
  readonly packages?: TestPackages
  /** What the registry says instead of what is true. */
  readonly lie?: (registry: LoopbackRegistry) => (request: SeenRequest) => Misbehaviour | undefined
  /** `fixed`: the right fix is written. `open`: nothing is, and the finding is named as open. Else the fault's code. */
  readonly ends: 'fixed' | 'open' | string
}

const ESCAPE = '\u001b[2J\u001b]0;owned\u0007\u202e'

type Document = Record<string, unknown>

/** Answers about one kind of thing with its true document, changed. */
const changed =
  (kind: SeenRequest['kind'], change: (document: Document) => unknown) => (registry: LoopbackRegistry) => (request: SeenRequest) => {
    if (request.kind !== kind || request.name !== 'victim') return undefined
    const versions = Object.fromEntries(['1.0.0', '1.1.0'].map(version => [version, registry.manifest('victim', version)]))
    const document: Document =
      kind === 'manifest' ? { ...registry.manifest('victim', '1.1.0') } : { name: 'victim', 'dist-tags': { latest: '1.1.0' }, versions }
    const said = change(document)
    return { body: typeof said === 'string' ? said : JSON.stringify(said) }
  }
const manifest = (change: Document) => changed('manifest', document => ({ ...document, ...change }))
const packument = (change: (document: Document) => unknown) => changed('packument', change)
const always = (wrong: Misbehaviour) => () => (request: SeenRequest) => (request.name === 'victim' ? wrong : undefined)
const dist = (more: Document) => ({
  dist: { tarball: 'https://registry.example/victim/-/victim-1.1.0.tgz', integrity: `sha512-${'B'.repeat(86)}==`, ...more },
})

const lies: readonly RegistryCase[] = [
  { name: 'tells the truth', ends: 'fixed' },
  { name: 'names other needs in the version’s own document', lie: manifest({ dependencies: { evil: '*' } }), ends: 'registry-invalid' },
  {
    name: 'names another range',
    fixed: { '1.1.0': { dependencies: { a: '1' } } },
    packages: { a: { versions: { '1.0.0': {} } } },
    lie: manifest({ dependencies: { a: '*' } }),
    ends: 'registry-invalid',
  },
  { name: 'names another integrity', lie: manifest(dist({})), ends: 'registry-invalid' },
  {
    name: 'names no integrity in the end',
    lie: manifest({ dist: { tarball: 'https://registry.example/x.tgz' } }),
    ends: 'verification-failed',
  },
  // Some registries do not answer about one version: then the package's document counts, and that one is right here.
  { name: 'answers about another version', lie: manifest({ version: '1.0.0' }), ends: 'fixed' },
  { name: 'answers about another package in the end', lie: manifest({ name: 'evil' }), ends: 'fixed' },
  { name: 'answers about another package', lie: packument(document => ({ ...document, name: 'evil' })), ends: 'registry-invalid' },
  {
    name: 'offers versions under wrong names',
    lie: packument(document => ({
      ...document,
      versions: { '1.0.0': {}, '1.1.0': { name: 'evil', version: '1.1.0' }, '1.2.0': { name: 'victim', version: '1.0.0' } },
    })),
    ends: 'open',
  },
  {
    name: 'offers nothing but nonsense',
    lie: packument(document => ({ ...document, versions: { latest: {}, '../..': {}, [ESCAPE]: {} } })),
    ends: 'registry-invalid',
  },
]

const PROTO = (body: string) => always({ body })
const TRUE_DIST = JSON.stringify(dist({}).dist)
const forms: readonly RegistryCase[] = [
  {
    name: 'uses prototype keys as versions',
    lie: packument(d =>
      JSON.stringify(d).replace('"versions":{', `"versions":{"__proto__":{"version":"1.1.0"},"constructor":{},"toString":7,`),
    ),
    ends: 'fixed',
  },
  {
    name: 'uses prototype keys as tags and needs',
    lie: packument(d =>
      JSON.stringify(d).replace('"dist-tags":{', '"__proto__":{"versions":{}},"dist-tags":{"__proto__":"1.1.0","constructor":"1.0.0",'),
    ),
    ends: 'fixed',
  },
  {
    name: 'needs prototype keys',
    lie: PROTO(
      `{"name":"victim","versions":{"1.1.0":{"name":"victim","version":"1.1.0","dependencies":{"__proto__":"1","constructor":"*"},"dist":${TRUE_DIST}}}}`,
    ),
    ends: 'open',
  },
  { name: 'needs a path', fixed: { '1.1.0': { dependencies: { '../../../etc': '1' } } }, ends: 'open' },
  { name: 'needs a scoped path', fixed: { '1.1.0': { dependencies: { '@a/../b': '1' } } }, ends: 'open' },
  { name: 'needs what no name can be', fixed: { '1.1.0': { dependencies: { [`a${ESCAPE}`]: '1' } } }, ends: 'open' },
  { name: 'needs a range of escapes', fixed: { '1.1.0': { dependencies: { a: ESCAPE } } }, ends: 'open' },
  {
    name: 'needs files and repositories',
    fixed: { '1.1.0': { dependencies: { a: 'file:/etc/passwd', b: 'git+ssh://evil.example/x', c: 'https://evil.example/x.tgz' } } },
    ends: 'open',
  },
  { name: 'needs a range of 100 kB', fixed: { '1.1.0': { dependencies: { a: '1||'.repeat(33_000) } } }, ends: 'open' },
  { name: 'needs a list', fixed: { '1.1.0': { dependencies: ['a', 'b'] } }, ends: 'open' },
  { name: 'deprecates with escapes', fixed: { '1.1.0': { deprecated: ESCAPE } }, ends: 'open' },
  {
    name: 'licenses with escapes',
    fixed: {
      '1.1.0': { license: ESCAPE, engines: { node: ESCAPE }, os: [ESCAPE], funding: { url: ESCAPE }, bin: { [ESCAPE]: '../../../bin/sh' } },
    },
    ends: 'fixed',
  },
  {
    name: 'has versions of escapes',
    fixed: { '1.1.0': {}, [`1.1.1-${ESCAPE}`]: {}, '1.1.1+build': {}, [`1.1.${'9'.repeat(500)}`]: {} },
    ends: 'fixed',
  },
  { name: 'gives archives that are no web address', fixed: { '1.1.0': dist({ tarball: 'file:///etc/passwd' }) }, ends: 'registry-invalid' },
  { name: 'gives archives of escapes', fixed: { '1.1.0': dist({ tarball: `https://x/${ESCAPE}` }) }, ends: 'registry-invalid' },
  { name: 'gives no integrity', fixed: { '1.1.0': { dist: { tarball: 'https://registry.example/x.tgz' } } }, ends: 'open' },
  { name: 'gives integrity that is none', fixed: { '1.1.0': dist({ integrity: 'trust me' }) }, ends: 'open' },
  {
    name: 'nests 100,000 levels deep',
    lie: packument(d => JSON.stringify(d).replace('"dist-tags"', `"x":${'['.repeat(100_000)}${']'.repeat(100_000)},"dist-tags"`)),
    ends: 'fixed',
  },
  {
    name: 'lists 60,000 versions',
    lie: packument(d => ({ ...d, versions: Object.fromEntries(Array.from({ length: 60_000 }, (_, at) => [`1.0.${at}`, {}])) })),
    ends: 'registry-invalid',
  },
]

/** 200 kB that become more than a document may have. */
const bomb = () => gzipSync(Buffer.alloc(210_000_000, 0x20), { level: 1 })

const transport: readonly RegistryCase[] = [
  {
    name: 'answers with a web page',
    lie: always({ body: '<html>Log in</html>', headers: { 'content-type': 'text/html' } }),
    ends: 'registry-invalid',
  },
  { name: 'calls JSON a picture', lie: () => () => ({ headers: { 'content-type': 'image/png' } }), ends: 'fixed' },
  { name: 'answers with a list', lie: always({ body: '[]' }), ends: 'registry-invalid' },
  { name: 'answers with null', lie: always({ body: 'null' }), ends: 'registry-invalid' },
  { name: 'answers with nothing', lie: always({ body: '' }), ends: 'registry-invalid' },
  { name: 'answers with bytes', lie: always({ body: new Uint8Array([0xff, 0xfe, 0, 1]) }), ends: 'registry-invalid' },
  { name: 'says that it is gone', lie: always({ status: 404, body: '{}' }), ends: 'open' },
  { name: 'refuses', lie: always({ status: 403, body: ESCAPE }), ends: 'registry-refused' },
  { name: 'fails', lie: always({ status: 500, body: ESCAPE }), ends: 'registry-unreachable' },
  {
    name: 'asks for a pause of a year',
    lie: always({ status: 429, headers: { 'retry-after': '31536000' } }),
    ends: 'registry-unreachable',
  },
  { name: 'never answers', lie: always({ hang: true }), ends: 'registry-unreachable' },
  { name: 'hangs up', lie: always({ reset: true }), ends: 'registry-unreachable' },
  { name: 'breaks off', lie: always({ truncate: true }), ends: 'registry-unreachable' },
  { name: 'sends 100 MB of nothing', lie: always({ hugeBytes: 100_000_000 }), ends: 'registry-invalid' },
  { name: 'sends a bomb', lie: () => always({ body: bomb(), headers: { 'content-encoding': 'gzip' } })(), ends: 'registry-invalid' },
  { name: 'leads to a file', lie: always({ status: 302, headers: { location: 'file:///etc/passwd' } }), ends: 'registry-unreachable' },
  { name: 'leads in a circle', lie: always({ status: 302, headers: { location: '/victim' } }), ends: 'registry-unreachable' },
  { name: 'leads to nowhere', lie: always({ status: 302, headers: { location: 'http://127.0.0.1:1/' } }), ends: 'registry-unreachable' },
  {
    name: 'leads to another package',
    lie: always({ status: 302, headers: { location: '/other' } }),
    packages: { other: { versions: { '1.0.0': {} } } },
    ends: 'registry-invalid',
  },
  { name: 'says that nothing changed', lie: always({ status: 304 }), ends: 'registry-invalid' },
]

const needs = (names: readonly string[]) => Object.fromEntries(names.map(name => [name, '*']))
const many = (stem: string, count: number) => Array.from({ length: count }, (_, at) => `${stem}-${at}`)

/** Every package needs as many more, down to a depth. */
function explosion(width: number, depth: number) {
  return (registry: LoopbackRegistry) =>
    ({ kind, name = '' }: SeenRequest): Misbehaviour | undefined => {
      if (kind !== 'packument' || !name.startsWith('x')) return undefined
      if (registry.manifest(name, '1.0.0') === undefined) {
        const further = name.split('-').length > depth ? [] : many(name, width)
        registry.publish(name, { versions: { '1.0.0': { dependencies: needs(further), ...dist({}) } } })
      }
      return undefined
    }
}

const shapes: readonly RegistryCase[] = [
  { name: 'offers a version that needs itself', fixed: { '1.1.0': { dependencies: { victim: '^1.1.0' } } }, ends: 'fixed' },
  { name: 'offers a version that needs its own past', fixed: { '1.1.0': { dependencies: { victim: '1.0.0' } } }, ends: 'open' },
  {
    name: 'offers a circle',
    fixed: { '1.1.0': { dependencies: { a: '*' } } },
    packages: {
      a: { versions: { '1.0.0': { dependencies: { b: '1' } } } },
      b: { versions: { '1.0.0': { dependencies: { a: '1', victim: '>=1.1' } } } },
    },
    ends: 'fixed',
  },
  {
    name: 'offers a circle that comes back to the hole',
    fixed: { '1.1.0': { dependencies: { a: '*' } } },
    packages: { a: { versions: { '1.0.0': { dependencies: { victim: '1.0.0' } } } } },
    ends: 'open',
  },
  { name: 'needs 240 more', fixed: { '1.1.0': { dependencies: needs(many('x', 15)) } }, lie: explosion(15, 2), ends: 'fixed' },
  {
    name: 'needs ever more, without end',
    fixed: { '1.1.0': { dependencies: needs(many('x', 110)) } },
    lie: explosion(110, 1_000),
    ends: 'planner-limit',
  },
  { name: 'needs 100,000 at once', fixed: { '1.1.0': { dependencies: needs(many('x', 100_000)) } }, ends: 'open' },
  {
    name: 'needs 300 that do not exist',
    fixed: { '1.1.0': { dependencies: needs(Array.from({ length: 300 }, (_, at) => `gone-${at}`)) } },
    ends: 'open',
  },
]

export const REGISTRY_CASES: readonly RegistryCase[] = [...lies, ...forms, ...transport, ...shapes]
