import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeContents } from './installed-package.ts'
import { canonicalName } from './python.ts'
import { lookAt } from './testing/look-at.ts'
import { goBuildInfo, makeElf } from './testing/make-elf.ts'

const manifest = (name: string, version: string, rest: object = {}) => JSON.stringify({ name, version, ...rest })

function placesAndPurls(files: Parameters<typeof lookAt>[0]): Record<string, string> {
  return Object.fromEntries(lookAt(files).components.map(({ location, purl }) => [location, purl]))
}

test('npm packages are those that stand directly in a node_modules', () => {
  assert.deepEqual(
    placesAndPurls([
      { path: 'app/node_modules/a/package.json', content: manifest('a', '1.0.0') },
      { path: 'app/node_modules/@s/b/package.json', content: manifest('@s/b', '2.0.0-rc.1+x') },
      { path: 'app/node_modules/a/node_modules/c/package.json', content: `\ufeff${manifest('c', '3.0.0')}` },
      { path: 'node_modules/.pnpm/d@4.0.0/node_modules/d/package.json', content: manifest('d', '4.0.0') },
      { path: 'app/node_modules/alias/package.json', content: manifest('real', '5.0.0') },
      { path: 'app/package.json', content: manifest('app', '1.0.0') },
      { path: 'app/node_modules/a/dist/package.json', content: '{"type":"module"}' },
      { path: 'app/node_modules/a/test/fixtures/x/package.json', content: manifest('x', '1.0.0') },
      { path: 'app/node_modules/.cache/y/package.json', content: manifest('y', '1.0.0') },
      { path: 'app/node_modules/package.json', content: manifest('z', '1.0.0') },
    ]),
    {
      'app/node_modules/a/package.json': 'pkg:npm/a@1.0.0',
      'app/node_modules/@s/b/package.json': 'pkg:npm/%40s/b@2.0.0-rc.1%2Bx',
      'app/node_modules/a/node_modules/c/package.json': 'pkg:npm/c@3.0.0',
      'node_modules/.pnpm/d@4.0.0/node_modules/d/package.json': 'pkg:npm/d@4.0.0',
      'app/node_modules/alias/package.json': 'pkg:npm/real@5.0.0',
    },
  )
})

test('Python distributions are known by each form of metadata, under the name that advisories use', () => {
  const metadata = (name: string, version: string) => `Metadata-Version: 2.1\r\nName: ${name}\r\nVersion: ${version}\r\n\r\nName: other\r\n`
  assert.deepEqual(
    placesAndPurls([
      { path: 'usr/lib/python3/site-packages/Flask_Login-0.6.3.dist-info/METADATA', content: metadata('Flask_Login', '0.6.3') },
      { path: 'opt/x/old.egg-info/PKG-INFO', content: metadata('zope.interface', '5.4') },
      { path: 'opt/x/older-1.0.egg-info', content: metadata('older', '1.0.post1') },
      { path: 'opt/x/e.egg/EGG-INFO/PKG-INFO', content: metadata('egg', '1!2.0+local.1') },
      { path: 'opt/x/METADATA', content: metadata('no', '1') },
      { path: 'opt/x/y.dist-info/RECORD', content: metadata('no', '1') },
    ]),
    {
      'usr/lib/python3/site-packages/Flask_Login-0.6.3.dist-info/METADATA': 'pkg:pypi/flask-login@0.6.3',
      'opt/x/old.egg-info/PKG-INFO': 'pkg:pypi/zope-interface@5.4',
      'opt/x/older-1.0.egg-info': 'pkg:pypi/older@1.0.post1',
      'opt/x/e.egg/EGG-INFO/PKG-INFO': 'pkg:pypi/egg@1%212.0%2Blocal.1',
    },
  )
  // The examples of PEP 503.
  for (const name of ['Friendly-Bard', 'FRIENDLY-BARD', 'friendly.bard', 'friendly_bard', 'friendly--bard', 'FrIeNdLy-._.-bArD'])
    assert.equal(canonicalName(name), 'friendly-bard')
})

test('what advisories speak of, the layer and the place are told of each component', () => {
  const { components } = lookAt([
    { path: 'app/node_modules/a/package.json', content: manifest('a', '1.0.0'), layer: 3 },
    {
      path: 'usr/bin/x',
      content: makeElf({ sections: [{ bytes: goBuildInfo('go1.22.1', ['dep\tGitHub.example/A/B\tv0.1.0']), writable: true }] }),
    },
  ])
  assert.deepEqual(components, [
    {
      location: 'app/node_modules/a/package.json',
      name: 'a',
      version: '1.0.0',
      purl: 'pkg:npm/a@1.0.0',
      scope: 'runtime',
      origin: 'registry',
      layer: 3,
      subject: { ecosystem: 'npm', name: 'a', version: '1.0.0', purl: 'pkg:npm/a@1.0.0' },
    },
    {
      location: 'usr/bin/x#stdlib',
      name: 'stdlib',
      version: '1.22.1',
      purl: 'pkg:golang/stdlib@1.22.1',
      scope: 'runtime',
      origin: 'registry',
      layer: 0,
      subject: { ecosystem: 'Go', name: 'stdlib', version: '1.22.1', purl: 'pkg:golang/stdlib@1.22.1' },
    },
    {
      location: 'usr/bin/x#GitHub.example/A/B',
      name: 'GitHub.example/A/B',
      version: 'v0.1.0',
      purl: 'pkg:golang/github.example/a/b@v0.1.0',
      scope: 'runtime',
      origin: 'registry',
      layer: 0,
      subject: { ecosystem: 'Go', name: 'GitHub.example/A/B', version: '0.1.0', purl: 'pkg:golang/github.example/a/b@v0.1.0' },
    },
  ])
})

test('what is in files of the distribution’s packages is bundled by these', () => {
  const files = ['usr/share/nodejs/node_modules/a', 'opt/node_modules/a'].map(folder => ({
    path: `${folder}/package.json`,
    content: manifest('a', '1.0.0'),
  }))
  assert.deepEqual(
    lookAt(files, path => (path.startsWith('usr/') ? 'node-a:all' : undefined)).components.map(({ origin, bundledBy }) => [
      origin,
      bundledBy,
    ]),
    [
      ['bundled', 'node-a:all'],
      ['registry', undefined],
    ],
  )
})

test('advisories are asked about a Python version without the part that says who built it', () => {
  const content = 'Metadata-Version: 2.1\nName: Torch\nVersion: 2.0.1+cu118\n'
  const [component] = lookAt([{ path: 'usr/local/lib/python3.11/site-packages/torch-2.0.1+cu118.dist-info/METADATA', content }]).components
  assert.equal(component?.version, '2.0.1+cu118')
  assert.equal(component?.purl, 'pkg:pypi/torch@2.0.1%2Bcu118')
  assert.deepEqual(component?.subject, { ecosystem: 'PyPI', name: 'torch', version: '2.0.1', purl: 'pkg:pypi/torch@2.0.1' })
})

test('what is kept of a file stays within a mebibyte', () => {
  const item = { ecosystem: 'Go', name: 'n'.repeat(200), version: 'v1.0.0', inside: '', published: true } as const
  const text = encodeContents({ packages: new Array(10_000).fill(item) }) ?? ''
  assert.equal(text, '{"rows":[],"unread":"it names more packages than Suture keeps"}')
})
