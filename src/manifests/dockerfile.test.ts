import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Fault } from '../model/faults.ts'
import { type DockerfileOptions, readDockerfile } from './dockerfile.ts'

const read = (text: string, options?: DockerfileOptions) =>
  readDockerfile(text, 'Dockerfile', options).map(({ line, role, reference, unknown, name, platform }) =>
    [line, role, reference ?? `? ${unknown}`, name, platform].filter(part => part !== undefined).join(' '),
  )

test('what the last stage stands on ships, and what only other stages stand on does not', () => {
  const text = `# syntax=docker/dockerfile:1
FROM registry.example/node:22 AS build
RUN npm ci

FROM registry.example/base:1@sha256:${'a'.repeat(64)} AS Runtime
FROM runtime
COPY --from=build /app /app
COPY --from=registry.example/tools:2 /bin/tool /bin/
`
  assert.deepEqual(read(text), [
    '2 build registry.example/node:22 build',
    `5 base registry.example/base:1@sha256:${'a'.repeat(64)} Runtime`,
    '8 copied registry.example/tools:2',
  ])
  assert.deepEqual(read(text, { target: 'build' })[0], '2 base registry.example/node:22 build')
})

test('arguments before the first stage are put in, with what is given from outside first', () => {
  const text = `ARG VERSION=12 FLAVOUR="slim"
ARG HOST
ARG BASE=\${HOST:-registry.example}/debian
FROM --platform=$BUILDPLATFORM \${BASE}:\${VERSION}\${FLAVOUR:+-$FLAVOUR} AS a
FROM $HOST/x
FROM "registry.example/y:1"
`
  assert.deepEqual(read(text), [
    '4 build registry.example/debian:12-slim a',
    '5 build ? depends on HOST, which has no value here',
    '6 base registry.example/y:1',
  ])
  const given = new Map([
    ['VERSION', '13'],
    ['HOST', 'mirror.example'],
    ['BUILDPLATFORM', 'linux/amd64'],
  ])
  assert.deepEqual(read(text, { args: name => given.get(name) }).slice(0, 2), [
    '4 build mirror.example/debian:13-slim a linux/amd64',
    '5 build mirror.example/x',
  ])
})

test('lines go on, comments stand between them, and heredocs hold no instructions', () => {
  assert.deepEqual(
    read(`FROM \\
# a comment
   registry.example/a:1 \\

   AS one
RUN <<EOF cat <<-"SECOND"
FROM registry.example/no:1
EOF
FROM registry.example/no:2
\tSECOND
# FROM registry.example/no:3
run echo \\
  FROM registry.example/no:4
from registry.example/b:1
`),
    ['1 build registry.example/a:1 one', '14 base registry.example/b:1'],
  )
  assert.deepEqual(read('# escape=`\r\nFROM `\r\n  registry.example/win:1\r\n'), ['2 base registry.example/win:1'])
})

test('a stage may be named through a variable; what is built for is known where a platform is given', () => {
  const text = 'FROM registry.example/a AS build-amd64\nFROM registry.example/b AS build-arm64\nFROM build-$TARGETARCH\n'
  assert.deepEqual(read(text), [
    '1 build registry.example/a build-amd64',
    '2 build registry.example/b build-arm64',
    '3 base ? depends on TARGETARCH, which has no value here unless --platform is given',
  ])
  assert.deepEqual(read(text, { platform: 'linux/arm64' }), [
    '1 build registry.example/a build-amd64',
    '2 base registry.example/b build-arm64',
  ])
})

test('the last definition of an argument counts, and nothing is put in between single quotes', () => {
  assert.deepEqual(read('ARG A=1\nARG A=2 B=\'$A\' C="x$A"\nFROM registry.example/a:$A\nFROM registry.example/b:$C\nFROM $B\n'), [
    '3 build registry.example/a:2',
    '4 build registry.example/b:x2',
    '5 base $A',
  ])
})

test('where a reference stands literally, its place in the file is told', () => {
  const text =
    '\ufeffARG T=1\r\nFROM --platform=linux/amd64 \\\r\n  # why\r\n  "registry.example/a:1" AS x\r\nFROM registry.example/b:$T\nfrom registry.example/c\\\n:2\nFROM\tregistry.example/d:3'
  const places = readDockerfile(text, 'Dockerfile').map(({ place }) =>
    place === undefined ? undefined : text.slice(place.start, place.end),
  )
  assert.deepEqual(places, [undefined, undefined, undefined, 'registry.example/d:3'])
  const continued = 'FROM --platform=linux/amd64 \\\r\n  # why\r\n  registry.example/a:1 AS x\r\n'
  const [use] = readDockerfile(continued, 'Dockerfile')
  assert.equal(continued.slice(use?.place?.start, use?.place?.end), 'registry.example/a:1')
})

test('an argument that makes the middle of one reference, and nothing else, is told with the place of its default', () => {
  const places = (text: string, options?: DockerfileOptions) =>
    readDockerfile(text, 'Dockerfile', options).map(({ through }) =>
      through === undefined ? undefined : `${through.prefix}[${text.slice(through.place.start, through.place.end)}]${through.suffix}`,
    )
  const brace = '$' + '{T}'
  assert.deepEqual(places(`ARG A=1 T="12.4"\nFROM registry.example/a:${brace}-slim\nFROM registry.example/b:$A\n`), [
    'registry.example/a:[12.4]-slim',
    'registry.example/b:[1]',
  ])
  for (const text of [
    'ARG T=1\nFROM a:$T\nFROM b:$T\n',
    'ARG T=1\nARG U=$T\nFROM a:$U\nFROM b:$T\n',
    'ARG T=1\nFROM a:$T\nARG T\nRUN echo $T\n',
    'ARG T=1\nFROM a:$T$T\n',
    'ARG T=$X\nFROM a:$T\n',
    'ARG T=1\nFROM a:\\$T\n',
  ])
    assert.deepEqual(new Set(places(text)), new Set([undefined]), text)
  assert.deepEqual(places('ARG T=1\nFROM a:$T\n', { args: () => '2' }), [undefined])
  const twice = 'ARG T=1\nARG T=2\nFROM a:$T\n'
  assert.deepEqual(places(twice), ['a:[2]'])
})

test('mounts name images, scratch and stages by number are none', () => {
  const text = `FROM scratch
FROM registry.example/a AS a
RUN --mount=type=cache,target=/x --mount=type=bind,from=registry.example/m:1,source=/y,target=/y true
COPY --from=0 / /
ADD --chown=1 --from=a / /
`
  assert.deepEqual(read(text), ['2 base registry.example/a a', '3 copied registry.example/m:1'])
})

test('whatever stands in the file, it is read or refused, in bounded time', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      'FROM ',
      'ARG A=',
      '$A',
      '${',
      '}',
      ':-',
      '\\\n',
      '\n',
      '<<EOF',
      '`',
      '#',
      ' AS ',
      '--from=',
      'COPY ',
      '"',
      '__proto__',
    ),
    fc.string({ maxLength: 6 }),
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), pieces => {
      for (const { line, reference, unknown } of readDockerfile(pieces.join(''), 'Dockerfile')) {
        assert.ok(line >= 1)
        assert.notEqual(reference === undefined, unknown === undefined)
      }
    }),
  )
  assert.throws(
    () => readDockerfile('F'.repeat(1024 * 1024 + 1), 'Dockerfile'),
    (cause: unknown) => cause instanceof Fault && cause.code === 'dockerfile-invalid',
  )
  assert.throws(() => readDockerfile('FROM a\n'.repeat(1001), 'Dockerfile'), /more than 1000 stages/)
  const large: readonly string[] = [
    'RUN <<Z\n'.repeat(100_000),
    `RUN ${'<<A '.repeat(100_000)}\n${'A\n'.repeat(100_000)}`,
    `FROM ${'${'.repeat(400_000)}`,
    `ARG ${'A'.repeat(900_000)}-\nFROM a`,
    `# a=x${' '.repeat(900_000)}y\nFROM a`,
    `FROM a${'\\\n'.repeat(300_000)}`,
  ]
  for (const text of large) readDockerfile(text, 'Dockerfile')
  assert.throws(() => readDockerfile(`FROM a\n${'COPY --from=x / /\n'.repeat(1001)}`, 'Dockerfile'), /more than 1000 images/)
  assert.throws(() => readDockerfile('ARG A=1\n'.repeat(1001), 'Dockerfile'), /more than 1000 arguments/)
  assert.match(readDockerfile(`FROM ${'a'.repeat(5000)}`, 'Dockerfile')[0]?.unknown ?? '', /is longer than/)
  const chain = Array.from({ length: 900 }, (_, at) => `ARG A${at + 1}=$A${at}$A${at}`).join('\n')
  assert.match(readDockerfile(`ARG A0=xxxxxxxx\n${chain}\nFROM $A900\n`, 'Dockerfile')[0]?.unknown ?? '', /is longer than/)
})

test('what is copied as a whole ships, from a stage or an image, and so does what that stands on', () => {
  const roles = (text: string) => readDockerfile(text, 'Dockerfile').map(({ reference, role }) => [reference, role])
  const flattened = 'FROM base:1 AS deep\nFROM deep AS x\nFROM tools:1 AS t\nFROM scratch\nCOPY --from=t /bin/t /bin/t\n'
  const shipped = [
    ['base:1', 'base'],
    ['tools:1', 'build'],
  ]
  for (const copy of ['COPY --from=x / /', 'COPY --chown=0 --from=1 /. /', 'COPY --from=x ["/", "/"]'])
    assert.deepEqual(roles(`${flattened}${copy}\n`), shipped, copy)
  assert.deepEqual(roles(`${flattened}COPY --from=x /etc/ /\n`), [
    ['base:1', 'build'],
    ['tools:1', 'build'],
  ])
  assert.deepEqual(roles('FROM scratch\nCOPY --from=base:2 / /\nCOPY --from=base:3 /x /\n'), [
    ['base:2', 'base'],
    ['base:3', 'copied'],
  ])
})
