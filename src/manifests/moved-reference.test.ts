import assert from 'node:assert/strict'
import { test } from 'node:test'
import { movedReference } from './moved-reference.ts'

const digest = `sha256:${'b'.repeat(64)}`
const old = `sha256:${'a'.repeat(64)}`
const rows: readonly (readonly [written: string, tag: string | undefined, moved: string | undefined])[] = [
  ['debian:12.4', '12.5', 'debian:12.5'],
  ['registry.example:5000/base:12.4-slim', '12.5-slim', 'registry.example:5000/base:12.5-slim'],
  [`registry.example:5000/base:12.4@${old}`, '12.5', `registry.example:5000/base:12.5@${digest}`],
  [`base@${old}`, undefined, `base@${digest}`],
  [`registry.example:5000/base@${old}`, '12.5', `registry.example:5000/base@${digest}`],
  ['registry.example:5000/base', '12.5', undefined],
  ['base:1', undefined, undefined],
]

for (const [written, tag, moved] of rows) {
  test(`${written.replace(old, '<digest>')} becomes ${moved?.replace(digest, '<digest>') ?? 'nothing else'}`, () => {
    const end = movedReference(written, tag, digest)
    assert.equal(end === undefined ? undefined : written.slice(0, end.from) + end.insert, moved)
  })
}
