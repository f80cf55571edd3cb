import assert from 'node:assert/strict'
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { test } from 'node:test'
import type { PatchedFile } from '../model/edit.ts'
import { harmlessNpmrc, npmCopies } from './npm-copy.ts'

const sha = '' as PatchedFile['beforeSha256']

test('a copy holds the manifests, the locks and the settings, before or after, and nothing else', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'suture-copy-'))
  const files = {
    'package.json': '{}',
    'package-lock.json': 'old',
    '.npmrc': 'legacy-peer-deps=true\n',
    'packages/a/package.json': '{"name":"a"}',
    'packages/b/package.json': '{"name":"b"}',
    'packages/a/index.js': '',
    'node_modules/x/package.json': '{}',
  }
  try {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), content)
    }
    let made: string
    {
      await using copies = await npmCopies({
        folder,
        files: [{ path: 'package-lock.json', before: 'old', after: 'new', beforeSha256: sha, afterSha256: sha }],
        manifests: [
          'packages/a/package.json',
          'packages/gone/package.json',
          '../package.json',
          '/etc/hosts',
          'node_modules/x/package.json',
        ],
      })
      const [before, after] = [await copies.make('before'), await copies.make('after')]
      made = after
      assert.deepEqual(
        globSync(['**', '.npmrc'], { cwd: after })
          .filter(path => statSync(join(after, path)).isFile())
          .sort(),
        ['.npmrc', 'package-lock.json', 'package.json', join('packages', 'a', 'package.json')],
      )
      assert.equal(readFileSync(join(before, 'package-lock.json'), 'utf8'), 'old')
      assert.equal(readFileSync(join(after, 'package-lock.json'), 'utf8'), 'new')
      if (process.platform !== 'win32') assert.equal(statSync(join(after, '.npmrc')).mode & 0o777, 0o600)
    }
    assert.equal(existsSync(made), false)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('settings keep their meaning in another folder, and none starts a program', () => {
  const folder = resolve('/project')
  const variable = (name: string) => ['$', '{', name, '}'].join('')
  const text = [
    'registry=https://registry.example/',
    `//registry.example/:_authToken=${variable('TOKEN')}`,
    'cafile=certs/ca.pem',
    ' CAFILE = "certs/ca 2.pem"',
    `cafile=${variable('HOME')}/ca.pem`,
    'cafile=~/ca.pem',
    '//registry.example/:keyfile=key.pem',
    'git=./evil.sh',
    'script-shell = ./evil.sh',
    'node-options=--require ./evil.js',
    'legacy-peer-deps=true',
  ]
  assert.deepEqual(harmlessNpmrc(text.join('\n'), folder).split('\n'), [
    'registry=https://registry.example/',
    `//registry.example/:_authToken=${variable('TOKEN')}`,
    `cafile=${join(folder, 'certs/ca.pem')}`,
    ` CAFILE = ${join(folder, 'certs/ca 2.pem')}`,
    `cafile=${variable('HOME')}/ca.pem`,
    'cafile=~/ca.pem',
    `//registry.example/:keyfile=${join(folder, 'key.pem')}`,
    'legacy-peer-deps=true',
  ])
})
