import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newerTags } from './newer-tags.ts'

const rows: readonly (readonly [tag: string, all: readonly string[], newer: readonly string[]])[] = [
  ['12.4', ['12.5', '12.10', '13.1', '12.4-slim', '12', 'latest'], ['12.10']],
  [
    '1.25.3-bookworm',
    ['1.25.5-bookworm', '1.25.4-bookworm', '1.27.0-bookworm', '1.27.0', '2.0.0-bookworm', '1.25.9-alpine'],
    ['1.25.5-bookworm', '1.27.0-bookworm'],
  ],
  ['1.25.3', ['1.25.3', '1.25.2', '1.24.9'], []],
  ['v2.1.0', ['v2.1.1', '2.1.9', 'v2.1.2-rc1'], ['v2.1.1']],
  ['0.4.1', ['0.4.2', '0.5.0', '1.0.0'], ['0.4.2']],
  [
    'bookworm-20231009-slim',
    ['bookworm-20240110-slim', 'bookworm-20231120-slim', 'bookworm-20240110', 'trixie-20250101-slim'],
    ['bookworm-20240110-slim'],
  ],
  ['3.12-slim', ['3.13-slim', '3.12.1-slim', '4.0-slim'], ['3.13-slim']],
  ['bookworm', ['trixie', 'bookworm-slim'], []],
  ['12', ['13'], []],
  ['latest', ['1.2.3'], []],
  ['1.2.3-alpine3.19', ['1.2.4-alpine3.20', '1.2.4-alpine3.19'], ['1.2.4-alpine3.19']],
  ['20231009', ['20240101', '5', '99999999'], ['20240101']],
]

for (const [tag, all, newer] of rows) {
  test(`after ${tag} comes ${newer.join(' and ') || 'nothing'}`, () => assert.deepEqual(newerTags(tag, all), newer))
}
