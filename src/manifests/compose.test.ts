import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '../model/faults.ts'
import { readCompose } from './compose.ts'
import { readEnvironmentFile } from './environment-file.ts'
import { manifestKind } from './manifest-kind.ts'

const isInvalid = (cause: unknown) => cause instanceof Fault && cause.code === 'dockerfile-invalid'
const values = new Map([
  ['TAG', '7.2'],
  ['EMPTY', ''],
])
const read = (text: string) => readCompose(text, 'compose.yaml', name => values.get(name))

test('services run images or build Dockerfiles', () => {
  const { images, builds } = read(`
x-common: &common { platform: linux/arm64, image: registry.example/common:1 }
services:
  db:
    <<: *common
    image: registry.example/db:\${TAG}-\${EMPTY:-slim}
  cache: { image: "registry.example/cache:$$x" }
  lost: { image: $NOWHERE/x }
  web: { build: ./web/ }
  api:
    image: registry.example/built-here
    build:
      context: api
      dockerfile: docker/Dockerfile.prod
      target: run
      args: { VERSION: "\${TAG}", TAG: }
  inline:
    build:
      dockerfile_inline: |
        FROM registry.example/x
      args: [A=1, TAG, NOWHERE]
`)
  assert.deepEqual(
    images.map(({ line, name, reference, unknown, platform }) => [line, name, reference ?? unknown, platform]),
    [
      [6, 'db', 'registry.example/db:7.2-slim', 'linux/arm64'],
      [7, 'cache', 'registry.example/cache:$x', undefined],
      [8, 'lost', 'depends on NOWHERE, which has no value here', undefined],
    ],
  )
  assert.deepEqual(
    builds.map(({ service, context, dockerfile, inline, target, args }) => [
      service,
      inline ?? `${context} ${dockerfile}`,
      target,
      Object.fromEntries(args),
    ]),
    [
      ['web', './web/ Dockerfile', undefined, {}],
      ['api', 'api docker/Dockerfile.prod', 'run', { VERSION: '7.2', TAG: '7.2' }],
      ['inline', { text: 'FROM registry.example/x\n', line: 20 }, undefined, { A: '1', TAG: '7.2' }],
    ],
  )
})

test('services take what is merged into them and what they extend; other files are named', () => {
  const text = `
x-a: &a { platform: linux/arm64, image: registry.example/a:1 }
x-b: &b { <<: *a, image: "registry.example/b:1" }
include: [other.yaml, { path: [third.yaml] }]
services:
  one: { <<: *a }
  two: { <<: [*b, *a] }
  three: { extends: two }
  four: { extends: { service: three }, image: registry.example/d:1 }
  five: { extends: { service: x, file: common.yaml } }
  six: { extends: seven }
  seven: { extends: six }
`
  const { images } = read(text)
  assert.deepEqual(
    images.map(({ name, written, reference, unknown, platform }) => [name, reference ?? `${written} ${unknown}`, platform]),
    [
      [undefined, 'other.yaml is another compose file; name that one', undefined],
      [undefined, 'third.yaml is another compose file; name that one', undefined],
      ['one', 'registry.example/a:1', 'linux/arm64'],
      ['two', 'registry.example/b:1', 'linux/arm64'],
      ['three', 'registry.example/b:1', 'linux/arm64'],
      ['four', 'registry.example/d:1', 'linux/arm64'],
      ['five', 'common.yaml comes from another file; name that one', undefined],
    ],
  )
  for (const { place, written, reference } of images.slice(2, 6)) {
    assert.ok(place)
    assert.equal(text.slice(place.start, place.end), reference)
    assert.equal(written, reference)
  }
})

test('what is no compose file is refused', () => {
  const bomb = `a: &a [x,x,x,x,x,x,x,x]\n${Array.from({ length: 9 }, (_, at) => `b${at}: &b${at} [${`*${at === 0 ? 'a' : `b${at - 1}`},`.repeat(8)}]`).join('\n')}\n`
  const levels = Array.from({ length: 30 }, (_, at) => `a${at + 1}: &a${at + 1} {<<: [${`*a${at},`.repeat(8)}]}`).join('\n')
  const merges = `a0: &a0 {x: y}\n${levels}\nservices: {s: *a30}\n`
  const wide = `services: {a: {${Array.from({ length: 1001 }, (_, at) => `k${at}: 1`).join(',')}}}`
  const deep = `services: ${'['.repeat(5000)}`
  for (const text of [
    '',
    '[]',
    'services: []',
    'services: {a: [}',
    'services: {a: 1, a: 2}',
    bomb,
    merges,
    wide,
    deep,
    'x'.repeat(1024 * 1024 + 1),
  ]) {
    assert.throws(() => read(text), isInvalid, text.slice(0, 40))
  }
  assert.deepEqual(
    read('services: { a: 1, b: , c: { image: 3 }, __proto__: { image: x } }').images.map(({ name }) => name),
    ['__proto__'],
  )
})

test('values of .env are taken without quotes and comments', () => {
  const text = 'A=1\nexport B = "two # words" # rest\r\nC=\'x$A\'\n# D=4\nE=5 # five\nF=a#b\nbroken\nG=$A.$TAG\nH=\n'
  const found = readEnvironmentFile(text, name => values.get(name))
  assert.deepEqual(Object.fromEntries(found), { A: '1', B: 'two # words', C: 'x$A', E: '5', F: 'a#b', G: '1.7.2', H: '' })
})

test('files are known by their names', () => {
  for (const name of ['Dockerfile', 'Dockerfile.prod', 'Containerfile', 'web.dockerfile', 'dockerfile'])
    assert.equal(manifestKind(name), 'dockerfile', name)
  for (const name of ['compose.yaml', 'docker-compose.yml', 'compose.override.yaml', 'docker-compose-test.yml'])
    assert.equal(manifestKind(name), 'compose', name)
  for (const name of [
    'Dockerfile.dockerignore',
    'Dockerfile.md',
    'package-lock.json',
    'compose',
    'values.yaml',
    'Dockerfiles/x',
    'my-compose.txt',
  ])
    assert.equal(manifestKind(name), undefined, name)
})
