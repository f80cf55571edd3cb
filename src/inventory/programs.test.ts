import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lookAt } from './testing/look-at.ts'
import { BASE, goBuildInfo, makeElf, modulesText, oldGoBuildInfo, rustAudit, sectionOffsets, stringHeader } from './testing/make-elf.ts'

const names = (content: Buffer, path = 'usr/bin/x', mode = 0o755) =>
  lookAt([{ path, content, mode }]).components.map(({ name, version }) => `${name} ${version}`)

const LINES = [
  'path\texample.org/app/cmd',
  'mod\texample.org/app\t(devel)\t',
  'dep\texample.org/a\tv1.2.3\th1:x=',
  'dep\texample.org/b\tv1.0.0',
  '=>\texample.org/fork\tv1.0.1-0.20240101000000-abcdefabcdef\th1:y=',
  'dep\texample.org/local\tv2.0.0',
  '=>\t../local\t(devel)\t',
  'dep\texample.org/c/v3\tv3.0.0+incompatible\th1:z=',
  'build\t-compiler=gc',
]
const MODULES = [
  'stdlib 1.21.5',
  'example.org/a v1.2.3',
  'example.org/fork v1.0.1-0.20240101000000-abcdefabcdef',
  'example.org/c/v3 v3.0.0+incompatible',
]

test('a Go program is its standard library and its modules, replaced ones as what stands in for them', () => {
  const bytes = goBuildInfo('go1.21.5', LINES)
  for (const bits of [64, 32] as const) {
    for (const littleEndian of [true, false]) {
      assert.deepEqual(names(makeElf({ bits, littleEndian, sections: [{ bytes: Buffer.alloc(500) }, { bytes, writable: true }] })), MODULES)
    }
  }
  assert.deepEqual(
    names(makeElf({ cutOff: true, sections: [{ bytes: Buffer.concat([Buffer.alloc(64), bytes]), writable: true }] })),
    MODULES,
  )
})

test('programs of Go before 1.18 are followed through their pointers', () => {
  for (const [bits, size] of [
    [64, 8],
    [32, 4],
  ] as const) {
    for (const littleEndian of [true, false]) {
      const texts = Buffer.concat([Buffer.from('go1.16.7'), modulesText(LINES)])
      const header = oldGoBuildInfo(size, littleEndian, [0, 0])
      const [dataAt = 0, infoAt = 0, textAt = 0] = sectionOffsets([4 * size, header.length, texts.length])
      const address = BASE + textAt
      const data = Buffer.concat([
        stringHeader(size, littleEndian, address, 8),
        stringHeader(size, littleEndian, address + 8, texts.length - 8),
      ])
      const info = oldGoBuildInfo(size, littleEndian, [BASE + dataAt, BASE + dataAt + 2 * size])
      assert.ok(infoAt > dataAt)
      const elf = makeElf({
        bits,
        littleEndian,
        sections: [{ bytes: data, writable: true }, { bytes: info, writable: true }, { bytes: texts }],
      })
      assert.deepEqual(names(elf), ['stdlib 1.16.7', ...MODULES.slice(1)])
    }
  }
})

test('the standard library has the version that advisories compare, and none where Go was built from its repository', () => {
  const rows = {
    'go1.20': ['stdlib 1.20.0'],
    'go1.22rc1': ['stdlib 1.22.0-rc1'],
    'go1.21.3 X:nocoverageredesign': ['stdlib 1.21.3'],
    'go1.21.3-fips': ['stdlib 1.21.3'],
    'devel go1.22-abcdef': [],
  }
  for (const [version, expected] of Object.entries(rows)) {
    assert.deepEqual(names(makeElf({ sections: [{ bytes: goBuildInfo(version, []), writable: true }] })), expected, version)
  }
})

test('a Rust program is the crates that it was audited with, save those that only built it; only published ones can have advisories', () => {
  const bytes = rustAudit([
    { name: 'app', version: '0.1.0', source: 'local', root: true, dependencies: [1] },
    { name: 'serde', version: '1.0.100', source: 'crates.io', kind: 'runtime' },
    { name: 'serde', version: '0.9.0', source: 'crates.io' },
    { name: 'cc', version: '1.0.0', source: 'crates.io', kind: 'build' },
  ])
  const content = makeElf({ sections: [{ bytes: Buffer.alloc(100, 0x78) }, { bytes }] })
  const { components } = lookAt([{ path: 'usr/lib/x.so.1', content, mode: 0o644 }])
  assert.deepEqual(
    components.map(({ location, purl, origin }) => `${location} ${purl} ${origin}`),
    [
      'usr/lib/x.so.1#app@0.1.0 pkg:cargo/app@0.1.0 file',
      'usr/lib/x.so.1#serde@1.0.100 pkg:cargo/serde@1.0.100 registry',
      'usr/lib/x.so.1#serde@0.9.0 pkg:cargo/serde@0.9.0 registry',
    ],
  )
})

test('data that is no program is not looked into', () => {
  const elf = makeElf({ sections: [{ bytes: goBuildInfo('go1.21.5', LINES), writable: true }] })
  assert.deepEqual(names(elf, 'usr/share/data.bin', 0o644), [])
  assert.deepEqual(names(Buffer.concat([Buffer.from('#!'), elf])), [])
})
