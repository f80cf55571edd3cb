import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { packageUrl } from './package-url.ts'

test('package URLs are spelled as their specification’s examples', () => {
  const rows: readonly (readonly [Parameters<typeof packageUrl>[0], string])[] = [
    [{ type: 'npm', namespace: '@angular', name: 'animation', version: '12.3.1' }, 'pkg:npm/%40angular/animation@12.3.1'],
    [
      { type: 'golang', namespace: 'google.golang.org', name: 'genproto', version: 'abcdedf' },
      'pkg:golang/google.golang.org/genproto@abcdedf',
    ],
    [
      { type: 'maven', namespace: 'org.apache.xmlgraphics', name: 'batik-anim', version: '1.9.1' },
      'pkg:maven/org.apache.xmlgraphics/batik-anim@1.9.1',
    ],
    [
      { type: 'oci', name: 'debian', version: 'sha256:244f', qualifiers: { tag: 'latest', repository_url: 'a.example/debian', arch: '' } },
      'pkg:oci/debian@sha256:244f?repository_url=a.example%2Fdebian&tag=latest',
    ],
    [{ type: 'deb', namespace: 'debian', name: "a'b", version: '1:2+b~1' }, 'pkg:deb/debian/a%27b@1:2%2Bb~1'],
  ]
  for (const [parts, expected] of rows) assert.equal(packageUrl(parts), expected)
})

test('no part can end where another begins', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (name, version) => {
      assert.match(packageUrl({ type: 't', name, version }), /^pkg:t\/[\w.~:%-]*(?:@[\w.~:%-]+)?$/)
    }),
  )
})
