/** An image may hold any file. Whatever it is, the inventory goes on, takes bounded time and memory, and says nothing that is not so. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { LANGUAGE_EXTRACTORS } from './installed-components.ts'
import { lookAt } from './testing/look-at.ts'
import { goBuildInfo, makeElf, oldGoBuildInfo, rustAudit } from './testing/make-elf.ts'
import { type EntryToZip, makeZip } from './testing/make-zip.ts'

const POM: EntryToZip = { name: 'META-INF/maven/g.x/a/pom.properties', content: 'groupId=g.x\nartifactId=a\nversion=1\n' }
const GO = goBuildInfo('go1.21.5', ['dep\texample.org/a\tv1.2.3'])
const AUDIT = rustAudit([{ name: 'serde', version: '1.0.0', source: 'crates.io' }])

function nested(depth: number): Buffer {
  let archive = makeZip([POM])
  for (let i = 0; i < depth; i++) archive = makeZip([{ name: 'lib/x.jar', content: archive }])
  return archive
}

function withTail(): Buffer {
  const archive = makeZip([POM])
  return Buffer.concat([archive, Buffer.alloc(70_000)])
}

const elf = (says: NonNullable<Parameters<typeof makeElf>[0]['says']>) => makeElf({ sections: [{ bytes: GO, writable: true }], says })
const manifest = (text: string) => ({ path: 'a/node_modules/x/package.json', content: text })
const metadata = (text: string) => ({ path: 'a/x.dist-info/METADATA', content: text })
const jar = (content: Uint8Array) => ({ path: 'a/x.jar', content })
const program = (content: Uint8Array) => ({ path: 'a/x', content })

/** What is found, and why the rest was not read; both empty unless said. */
const ROWS: Record<string, readonly [{ path: string; content: Uint8Array | string }, purls?: readonly string[], unread?: string]> = {
  'zip: deeper than is read': [jar(nested(8)), [], 'it holds archives deeper or more than Suture reads'],
  'zip: a bomb behind a small name': [
    jar(makeZip([POM, { name: 'META-INF/maven/g.x/b/pom.properties', content: Buffer.alloc(64 << 20) }])),
    ['pkg:maven/g.x/a@1'],
    'a file in it is too large',
  ],
  'zip: a bomb that denies its size': [
    jar(makeZip([{ ...POM, content: Buffer.alloc(8 << 20), says: { size: 100 } }])),
    [],
    'a file in it cannot be unpacked',
  ],
  'zip: entries that overlap': [
    jar(
      makeZip(
        Array.from({ length: 50 }, (_, i) => ({
          name: `${i}.jar`,
          content: Buffer.alloc(20),
          stored: true,
          says: { packed: 2000, offset: 0 },
        })),
      ),
    ),
    [],
    'its entries overlap',
  ],
  'zip: an archive that claims to contain itself': [
    jar(makeZip([{ name: 'x.jar', content: '', stored: true, says: { offset: 0, size: 60, packed: 60 } }])),
    [],
    'a file in it does not match its checksum',
  ],
  'zip: a directory beyond the end': [
    jar(makeZip([POM], { start: 0x7fffffff })),
    ['pkg:maven/g.x/a@1'].slice(1),
    'its directory lies beyond its end',
  ],
  'zip: more entries than there are': [jar(makeZip([POM], { entries: 60_000 })), [], 'its directory is broken'],
  'zip: cut short': [jar(makeZip([POM]).subarray(0, 100)), [], 'it has no end'],
  'zip: something behind its end': [jar(withTail()), [], 'it has no end'],
  'zip: encrypted': [jar(makeZip([{ ...POM, says: { flags: 1 } }])), [], 'a file in it is encrypted or packed in an unknown way'],
  'zip: an entry that is elsewhere': [jar(makeZip([{ ...POM, says: { offset: 5 } }])), [], 'a file in it is not where its directory says'],
  'zip: a wrong checksum': [jar(makeZip([{ ...POM, says: { crc: 1 } }])), [], 'a file in it does not match its checksum'],
  'zip: terminal escapes as a group': [jar(makeZip([{ ...POM, content: 'groupId=\u001b[2Jg\nartifactId=a\nversion=1\n' }]))],
  'zip: a line without end': [jar(makeZip([{ ...POM, content: `version=${' '.repeat(200_000)}x` }]))],
  'elf: a section table beyond the end': [
    program(elf({ tableAt: 0x7fffffffffffffffn })),
    ['pkg:golang/stdlib@1.21.5', 'pkg:golang/example.org/a@v1.2.3'],
  ],
  'elf: more sections than there are': [
    program(elf({ sectionCount: 4000 })),
    ['pkg:golang/stdlib@1.21.5', 'pkg:golang/example.org/a@v1.2.3'],
  ],
  'elf: sections that lie elsewhere': [program(elf({ sectionOffset: 0xffffffffffn }))],
  'elf: segments beyond the end': [program(elf({ segmentsAt: 0xffffffffff00n, tableAt: 0n }))],
  'elf: cut off in its header': [program(Buffer.concat([elf({}).subarray(0, 40), Buffer.alloc(200_000, 0xff)]))],
  'elf: a Go string longer than the file': [
    program(makeElf({ sections: [{ bytes: Buffer.concat([GO.subarray(0, 32), Buffer.alloc(12, 0xff)]), writable: true }] })),
  ],
  'elf: Go pointers into nowhere': [
    program(makeElf({ sections: [{ bytes: oldGoBuildInfo(8, true, [1, Number.MAX_SAFE_INTEGER]), writable: true }] })),
  ],
  'elf: terminal escapes as a module': [
    program(makeElf({ sections: [{ bytes: goBuildInfo('go1.21.5', ['dep\tx\u001b]0;y\u0007\tv1.0.0']), writable: true }] })),
    ['pkg:golang/stdlib@1.21.5'],
  ],
  'elf: an audit that unpacks without end': [
    program(makeElf({ sections: [{ bytes: rustAudit(new Array(400_000).fill({ name: 'aaaaaaaaaaaaaaaaaaaa' })) }] })),
  ],
  'elf: an audit that is cut short': [program(makeElf({ sections: [{ bytes: AUDIT.subarray(0, -9) }] }))],
  'elf: an audit of prototypes': [program(makeElf({ sections: [{ bytes: rustAudit([{ ['__proto__']: { name: 'x' }, version: '1' }]) }] }))],
  'npm: prototype keys': [manifest('{"__proto__":{"name":"x","version":"1.0.0"}}')],
  'npm: a name of a prototype': [manifest('{"name":"__proto__","version":"1.0.0"}'), ['pkg:npm/__proto__@1.0.0']],
  'npm: a path as its name': [manifest('{"name":"../../etc/passwd","version":"1.0.0"}')],
  'npm: terminal escapes': [manifest('{"name":"x","version":"1.0.0\\u001b[2J"}')],
  'npm: nested without end': [manifest(`{"name":"x","version":"1.0.0","x":${'['.repeat(500_000)}`)],
  'npm: no object': [manifest('["x","1.0.0"]')],
  'npm: values of other kinds': [manifest('{"name":["x"],"version":{"toString":1}}')],
  'python: metadata of 80 MB': [metadata(`Name: x\nVersion: 1\n\n${'y'.repeat(80 << 20)}`), ['pkg:pypi/x@1']],
  'python: headers without end': [metadata(`${'X: y\n'.repeat(2_000_000)}Name: x\nVersion: 1\n`)],
  'python: fields in the description': [metadata('Name: x\n\nVersion: 1\n')],
  'python: bytes that are no text': [{ path: 'a/x.dist-info/METADATA', content: Buffer.from('Name: \xff\xfe\nVersion: 1\n', 'latin1') }],
}

for (const [what, [file, purls = [], unread]] of Object.entries(ROWS)) {
  test(`hostile, ${what}`, () => {
    const { components, unread: left } = lookAt([file])
    assert.deepEqual([components.map(({ purl }) => purl), left.map(({ why }) => why)], [purls, unread === undefined ? [] : [unread]])
  })
}

test('no byte that is changed makes an extractor throw, or say what cannot be printed', () => {
  const files = [
    jar(nested(2)),
    program(makeElf({ sections: [{ bytes: GO, writable: true }, { bytes: AUDIT }] })),
    manifest('{"name":"x","version":"1.0.0"}'),
  ]
  const change = fc.record({ file: fc.nat(files.length - 1), at: fc.nat(9000), byte: fc.nat(255), more: fc.nat(9000) })
  fc.assert(
    fc.property(change, ({ file, at, byte, more }) => {
      const { path = '', content = '' } = files[file] ?? {}
      const bytes = Buffer.from(content)
      for (const place of [at, more]) bytes[place % bytes.length] = byte
      for (const { name, version } of lookAt([{ path, content: bytes }]).components) assert.match(`${name}${version}`, /^[\x21-\x7e]+$/)
    }),
    { numRuns: 300 },
  )
})

test('paths of any form, and files of any size, are decided on without reading', () => {
  const path = fc.string({
    unit: fc.constantFrom('a', '/', '.', '@', 'node_modules', 'package.json', '.egg-info', 'METADATA', '.jar', '\u001b', 'é'),
  })
  fc.assert(
    fc.property(path, fc.maxSafeNat(), (place, size) => {
      for (const extractor of LANGUAGE_EXTRACTORS) if (extractor.accepts(place, size, 0o755)) extractor.ranges(size, new Uint8Array(0))
    }),
  )
})
