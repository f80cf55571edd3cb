import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isImageReference, parseReference, printReference, saysItsKind } from './reference.ts'

const DIGEST = `sha256:${'a'.repeat(64)}`

const rows: readonly [text: string, printed: string][] = [
  ['registry.example/name', 'registry.example/name'],
  ['registry.example/team/name:1.2', 'registry.example/team/name:1.2'],
  ['Registry.Example:5000/name:tag', 'registry.example:5000/name:tag'],
  [`registry.example/name:tag@${DIGEST}`, `registry.example/name:tag@${DIGEST}`],
  [`registry.example/name@${DIGEST}`, `registry.example/name@${DIGEST}`],
  ['docker://registry.example/name:tag', 'registry.example/name:tag'],
  ['localhost/name', 'localhost/name'],
  ['127.0.0.1:5000/name', '127.0.0.1:5000/name'],
  ['[::1]:5000/name:x', '[::1]:5000/name:x'],
  ['oci:folder', 'oci:folder'],
  ['oci:/a/b:latest', 'oci:/a/b:latest'],
  ['oci:/a:b/c', 'oci:/a:b/c'],
  ['oci-archive:image.tar', 'oci-archive:image.tar'],
  ['oci-archive:image.tar:v1', 'oci-archive:image.tar:v1'],
  ['oci:/a:b/c:tag', 'oci:/a:b/c:tag'],
  ['oci:a:registry.example:5000/team/name:v1', 'oci:a:registry.example:5000/team/name:v1'],
  ['oci-archive:image.tar:localhost/name:latest', 'oci-archive:image.tar:localhost/name:latest'],
  ['oci:C:\\a:v1', 'oci:C:\\a:v1'],
  ['oci-archive:-', 'oci-archive:-'],
  ['docker-archive:a/image.tar', 'docker-archive:a/image.tar'],
  ['docker-archive:image.tar:registry.example:5000/name:tag', 'docker-archive:image.tar:registry.example:5000/name:tag'],
  ['-', 'docker-archive:-'],
]

for (const [text, printed] of rows) {
  test(`${text} is an image reference`, () => {
    assert.equal(printReference(parseReference(text)), printed)
    assert.ok(isImageReference(text))
    assert.deepEqual(parseReference(printReference(parseReference(text))), parseReference(text))
  })
}

test('behind a folder or file stands a tag, or a whole name as podman writes it', () => {
  const told = [
    ['oci:a:registry.example:5000/team/name:v1', 'registry.example:5000/team/name:v1'],
    ['oci:C:\\a:localhost/name:v1', 'localhost/name:v1'],
    ['oci-archive:a.tar:localhost/name:v1', 'localhost/name:v1'],
    ['oci:a:b/c:v1', 'v1'],
    ['oci:a:localhost/../c:v1', 'v1'],
  ] as const
  for (const [text, tag] of told) assert.equal(parseReference(text).tag, tag)
})

test('what is no reference is refused, in whatever way it is none', () => {
  for (const text of [
    '',
    'oci:',
    'oci-archive:',
    'docker-archive:',
    'registry.example/',
    'registry.example/UPPER',
    'registry.example/a//b',
    'registry.example/../b',
    'registry.example/a/..',
    'registry.example/a:',
    'registry.example/a:b:c',
    'registry.example/a@sha512:00',
    'registry.example/a@sha256:../../x',
    'registry.example/a:../../x',
    'registry.example/a?x=y',
    'registry.example/a%2fb',
    'user@registry.example/a',
    'registry.example:999999/a',
    'a\nb',
    `registry.example/${'a'.repeat(300)}`,
    `registry.example/${'a-'.repeat(2000)}`,
    `registry.example/${'-'.repeat(2000)}a`,
  ]) {
    assert.throws(() => parseReference(text), { code: 'image-reference-invalid' }, text)
  }
})

test('a name without a host means what the machine says, or nothing', () => {
  assert.throws(() => parseReference('debian:12'), { code: 'image-host-missing' })
  const one = { searched: ['registry.example'], aliases: new Map() }
  assert.equal(printReference(parseReference('debian:12', one)), 'registry.example/debian:12')
  assert.throws(() => parseReference('debian:12', { ...one, searched: ['a.example', 'b.example'] }), { code: 'image-host-missing' })
  const aliased = { searched: [], aliases: new Map([['debian', 'registry.example/library/debian']]) }
  assert.equal(printReference(parseReference('debian:12', aliased)), 'registry.example/library/debian:12')
})

test('folders and packages are no images', () => {
  for (const text of ['.', './a:b', '/a/b', '../x', '~/x', 'folder', 'folder/sub', 'C:\\x']) assert.ok(!isImageReference(text), text)
  assert.ok(isImageReference('debian:12'))
  assert.ok(!saysItsKind('debian:12'))
  assert.ok(saysItsKind('oci:x'))
})
