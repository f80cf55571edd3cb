import assert from 'node:assert/strict'
import { test } from 'node:test'
import { manifestIdentity } from './jar-manifest.ts'
import { lookAt } from './testing/look-at.ts'
import { makeZip } from './testing/make-zip.ts'

const pom = (group: string, artifact: string, version: string) => ({
  name: `META-INF/maven/${group}/${artifact}/pom.properties`,
  content: `#Generated\r\n#Tue\r\ngroupId=${group}\r\n artifactId : ${artifact}\r\nversion=${version}\r\n`,
})

function found(path: string, content: Buffer): { places: Record<string, string>; unread: readonly string[] } {
  const { components, unread } = lookAt([{ path, content }])
  return { places: Object.fromEntries(components.map(({ location, purl }) => [location, purl])), unread: unread.map(({ why }) => why) }
}

test('an archive is the artefact that its pom.properties names; one made of many is each of them', () => {
  assert.deepEqual(found('opt/a.jar', makeZip([{ name: 'x/Y.class', content: 'x' }, pom('org.example', 'a', '1.2')])), {
    places: { 'opt/a.jar': 'pkg:maven/org.example/a@1.2' },
    unread: [],
  })
  assert.deepEqual(
    found('opt/all.jar', makeZip([pom('org.example', 'a', '1.2'), pom('org.example', 'b', '2'), pom('org.example', 'b', '3')])).places,
    {
      'opt/all.jar#org.example:a': 'pkg:maven/org.example/a@1.2',
      'opt/all.jar#org.example:b': 'pkg:maven/org.example/b@2',
      'opt/all.jar#org.example:b@3': 'pkg:maven/org.example/b@3',
    },
  )
})

test('archives inside archives are looked into, stored or packed, also behind a program in front', () => {
  const inner = makeZip([pom('g.x', 'inner', '1')])
  const packed = makeZip([pom('g.x', 'packed', '2'), { name: 'lib/deep.jar', content: makeZip([pom('g.x', 'deep', '3')]) }])
  const outer = makeZip([
    pom('g.x', 'app', '9'),
    { name: 'BOOT-INF/lib/inner.jar', content: inner, stored: true },
    { name: 'BOOT-INF/lib/packed.jar', content: packed },
  ])
  const places = {
    'app.jar': 'pkg:maven/g.x/app@9',
    'app.jar!/BOOT-INF/lib/inner.jar': 'pkg:maven/g.x/inner@1',
    'app.jar!/BOOT-INF/lib/packed.jar': 'pkg:maven/g.x/packed@2',
    'app.jar!/BOOT-INF/lib/packed.jar!/lib/deep.jar': 'pkg:maven/g.x/deep@3',
  }
  assert.deepEqual(found('app.jar', outer), { places, unread: [] })
  assert.deepEqual(found('app.jar', Buffer.concat([Buffer.from('#!/bin/sh\nexec java -jar "$0"\n'), outer])), { places, unread: [] })
})

test('without Maven’s files the manifest and the file name tell, and a group only where the manifest implies it', () => {
  const manifest = (rows: readonly string[]) =>
    makeZip([{ name: 'META-INF/MANIFEST.MF', content: `Manifest-Version: 1.0\r\n${rows.join('\r\n')}\r\n\r\nName: x\r\n` }])
  assert.deepEqual(found('lib/plain-1.0.jar', manifest([])).places, { 'lib/plain-1.0.jar': 'pkg:generic/plain@1.0' })
  assert.deepEqual(
    found('lib/b.jar', manifest(['Bundle-SymbolicName: org.exam', ' ple.b;singleton:=true', 'Bundle-Version: 4.5'])).places,
    {
      'lib/b.jar': 'pkg:maven/org.example/b@4.5',
    },
  )
  assert.deepEqual(found('lib/c.jar', manifest([])), { places: {}, unread: [] })
})

test('groups follow from symbolic names as the bundle plug-in makes them', () => {
  const rows: readonly (readonly [path: string, manifest: string, expected: string | undefined])[] = [
    ['commons-lang3-3.9.jar', 'Bundle-SymbolicName: org.apache.commons.lang3', 'org.apache.commons:commons-lang3:3.9'],
    [
      'jackson-databind-2.9.10.1.jar',
      'Bundle-SymbolicName: com.fasterxml.jackson.core.jackson-databind',
      'com.fasterxml.jackson.core:jackson-databind:2.9.10.1',
    ],
    ['x-1.0-SNAPSHOT.jar', 'Implementation-Vendor-Id: org.example', 'org.example:x:1.0-SNAPSHOT'],
    ['x-1.0.jar', 'Implementation-Vendor-Id: Example Corp', 'undefined:x:1.0'],
    ['x.jar', 'Implementation-Version: 2.0\nImplementation-Title: X of Example', 'undefined:x:2.0'],
    ['x.jar', `Implementation-Version: ${'$'}{version}`, undefined],
    ['x y.jar', 'Implementation-Version: 1', undefined],
  ]
  for (const [path, manifest, expected] of rows) {
    const identity = manifestIdentity(`${manifest}\n`, `lib/${path}`)
    assert.equal(identity && `${identity.group}:${identity.artifact}:${identity.version}`, expected, `${path} ${manifest}`)
  }
})
