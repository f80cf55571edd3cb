import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '../model/faults.ts'
import { manifestKind, readCompose, readEnvironmentFile } from './compose.ts'

const isInvalid = (cause: unknown) => cause instanceof Fault && cause.code === 'dockerfile-invalid'
const values = new Map([
  ['TAG', '7.2'],
  ['EMPTY', ''],
])
const read = (text: string) => readCompose(text, 'compose.yaml', name => values.get(name))

test('services run images or build Dockerfiles', () => {
  const { images, builds } = read(`
x-common: &common { platform: linux/arm64 }
services:
  db:
    <<: *common
    image: registry.example/db:\${TAG}-\${EMPTY:-slim}
    platform: linux/arm64
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
      [8, 'cache', 'registry.example/cache:$x', undefined],
      [9, 'lost', 'depends on NOWHERE, which has no value here', undefined],
    ],
  )
  assert.deepEqual(
    builds.map(({ service, dockerfile, inline, target, args }) => [service, dockerfile ?? inline, target, Object.fromEntries(args)]),
    [
      ['web', './web/Dockerfile', undefined, {}],
      ['api', 'api/docker/Dockerfile.prod', 'run', { VERSION: '7.2', TAG: '7.2' }],
      ['inline', 'FROM registry.example/x\n', undefined, { A: '1', TAG: '7.2' }],
    ],
  )
})

test('what is no compose file is refused', () => {
  const bomb = `a: &a [x,x,x,x,x,x,x,x]\n${Array.from({ length: 9 }, (_, at) => `b${at}: &b${at} [${`*${at === 0 ? 'a' : `b${at - 1}`},`.repeat(8)}]`).join('\n')}\n`
  for (const text of ['', '[]', 'services: []', 'services: {a: [}', 'a: 1\na: 2\n', bomb, 'x'.repeat(1024 * 1024 + 1)]) {
    assert.throws(() => read(text), isInvalid, text.slice(0, 40))
  }
  assert.deepEqual(
    read('services: { a: 1, b: , c: { image: 3 }, __proto__: { image: x } }').images.map(({ name }) => name),
    ['__proto__'],
  )
})

test('values of .env are taken without quotes and comments', () => {
  const text = 'A=1\nexport B = "two # words" # rest\nC=\'x\'\n# D=4\nE=5 # five\nF=a#b\nbroken\n'
  assert.deepEqual(Object.fromEntries(readEnvironmentFile(text)), { A: '1', B: 'two # words', C: 'x', E: '5', F: 'a#b' })
})

test('files are known by their names', () => {
  for (const name of ['Dockerfile', 'Dockerfile.prod', 'Containerfile', 'web.dockerfile', 'dockerfile'])
    assert.equal(manifestKind(name), 'dockerfile', name)
  for (const name of ['compose.yaml', 'docker-compose.yml', 'compose.override.yaml', 'docker-compose-test.yml'])
    assert.equal(manifestKind(name), 'compose', name)
  for (const name of ['package-lock.json', 'compose', 'values.yaml', 'Dockerfiles/x', 'my-compose.txt'])
    assert.equal(manifestKind(name), undefined, name)
})
