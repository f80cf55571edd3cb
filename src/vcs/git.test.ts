import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { commitFiles, isClean, isRepository, uncommitted } from './git.ts'

interface Repository extends Disposable {
  readonly folder: string
  write(path: string, content: string): void
  git(...parameters: string[]): string
}

function makeRepository(): Repository {
  const folder = mkdtempSync(join(tmpdir(), 'suture-git-'))
  const git = (...parameters: string[]) =>
    execFileSync('git', parameters, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  const write = (path: string, content: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), content)
  }
  git('init', '--quiet', '--initial-branch=main')
  for (const [key, value] of Object.entries({
    'user.name': 'A User',
    'user.email': 'user@example.test',
    'commit.gpgsign': 'false',
    'core.autocrlf': 'false',
    'core.hooksPath': join(folder, '.git', 'hooks'),
  })) {
    git('config', key, value)
  }
  write('package-lock.json', 'old\n')
  write('other.txt', 'old\n')
  git('add', '.')
  git('commit', '--quiet', '-m', 'Begin')
  return { folder, write, git, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }) }
}

const lock = ['package-lock.json']

test('a commit holds exactly the files that were named, and leaves what is staged or dirty as it was', async () => {
  using repository = makeRepository()
  const { folder, write, git } = repository
  write('staged.txt', 'staged\n')
  git('add', 'staged.txt')
  write('other.txt', 'dirty\n')
  write('stray.txt', 'untracked\n')
  write('package-lock.json', 'new\n')
  write('.suture/receipts/one.json', '{}\n')
  const files = [...lock, '.suture/receipts/one.json']
  const commit = await commitFiles({ folder, files, message: 'fix(deps): a 1 → 2\n\n# not a comment\n' })
  assert.equal(commit.id, git('rev-parse', 'HEAD').trim())
  assert.equal(commit.subject, 'fix(deps): a 1 → 2')
  assert.deepEqual(commit.ignored, [])
  assert.deepEqual(git('show', '--name-only', '--format=', 'HEAD').trim().split('\n').sort(), [...files].sort())
  assert.match(git('log', '-1', '--format=%B'), /# not a comment/)
  assert.equal(git('status', '--porcelain'), ' M other.txt\nA  staged.txt\n?? stray.txt\n')
})

test('a file with changes of the user’s own is not clean: edited, staged, untracked or ignored', async () => {
  using repository = makeRepository()
  const { folder, write, git } = repository
  assert.equal(await isClean(folder, [...lock, 'not/there.json']), true)
  write('package-lock.json', 'mine\n')
  assert.equal(await isClean(folder, lock), false)
  git('add', 'package-lock.json')
  assert.equal(await isClean(folder, lock), false)
  git('commit', '--quiet', '-m', 'Mine')
  write('.gitignore', 'ignored.json\n')
  write('ignored.json', '')
  write('sub/new file.json', '')
  assert.deepEqual(await uncommitted(folder, [...lock, 'ignored.json', 'sub/new file.json']), ['sub/new file.json', 'ignored.json'])
  assert.deepEqual(await uncommitted(join(folder, 'sub'), ['new file.json']), ['new file.json'])
})

test('a folder below the top of the repository commits its own files', async () => {
  using repository = makeRepository()
  const { folder, write, git } = repository
  write('app/package-lock.json', 'one\n')
  await commitFiles({ folder: join(folder, 'app'), files: lock, message: 'One' })
  write('app/package-lock.json', 'two\n')
  await commitFiles({ folder: join(folder, 'app'), files: lock, message: 'Two', author: 'Suture <suture@example.test>' })
  assert.equal(git('log', '-1', '--format=%an <%ae>|%cn').trim(), 'Suture <suture@example.test>|A User')
  assert.equal(git('status', '--porcelain'), '')
})

test('a receipt that git ignores stays out; a lock that git ignores cannot be committed', async () => {
  using repository = makeRepository()
  const { folder, write, git } = repository
  write('.gitignore', '.suture/\n')
  git('add', '.gitignore')
  git('commit', '--quiet', '-m', 'Ignore')
  write('package-lock.json', 'new\n')
  write('.suture/one.json', '{}\n')
  const commit = await commitFiles({ folder, files: [...lock, '.suture/one.json'], message: 'Fix' })
  assert.deepEqual(commit.ignored, ['.suture/one.json'])
  await assert.rejects(commitFiles({ folder, files: ['.suture/one.json'], message: 'Fix' }), { code: 'git-failed', message: /ignores/ })
})

test('paths are taken as they are written, stars and dashes too', {
  skip: process.platform === 'win32' && 'no such file names',
}, async () => {
  using repository = makeRepository()
  const { folder, write, git } = repository
  write('*.json', 'a star\n')
  write('--all', 'a dash\n')
  write('package-lock.json', 'not asked for\n')
  await commitFiles({ folder, files: ['*.json', '--all'], message: 'Stars' })
  assert.equal(git('status', '--porcelain'), ' M package-lock.json\n')
})

test('a hook that says no is heard, in its own words, and new files are forgotten again', async () => {
  using repository = makeRepository()
  const { folder, write, git } = repository
  mkdirSync(join(folder, '.git/hooks'), { recursive: true })
  const hook = join(folder, '.git/hooks/pre-commit')
  writeFileSync(hook, '#!/bin/sh\nprintf "lint \\033[31mfailed\\n" >&2\nexit 1\n')
  chmodSync(hook, 0o755)
  write('package-lock.json', 'new\n')
  write('receipt.json', '{}\n')
  await assert.rejects(commitFiles({ folder, files: [...lock, 'receipt.json'], message: 'Fix' }), {
    code: 'git-failed',
    message: 'git commit refused: lint failed',
  })
  assert.equal(git('status', '--porcelain'), ' M package-lock.json\n?? receipt.json\n')
  assert.equal(readFileSync(join(folder, 'package-lock.json'), 'utf8'), 'new\n')
})

test('nothing is committed outside a repository, in a merge or rebase, or when nothing changed', async () => {
  using repository = makeRepository()
  const { folder, write, git } = repository
  await assert.rejects(commitFiles({ folder, files: lock, message: 'Fix' }), { code: 'git-failed', message: /git commit refused/ })
  await assert.rejects(commitFiles({ folder, files: [], message: 'Fix' }), { code: 'git-failed' })

  git('checkout', '--quiet', '-b', 'side')
  write('other.txt', 'side\n')
  git('commit', '--quiet', '-am', 'Side')
  git('checkout', '--quiet', 'main')
  write('other.txt', 'main\n')
  git('commit', '--quiet', '-am', 'Main')
  write('package-lock.json', 'new\n')
  assert.throws(() => git('merge', 'side'))
  await assert.rejects(commitFiles({ folder, files: lock, message: 'Fix' }), { code: 'git-failed', message: 'A merge is in progress.' })
  git('merge', '--abort')
  git('checkout', '--quiet', '--', '.')
  assert.throws(() => git('rebase', 'side'))
  await assert.rejects(commitFiles({ folder, files: lock, message: 'Fix' }), { code: 'git-failed', message: 'A rebase is in progress.' })

  const outside = mkdtempSync(join(tmpdir(), 'suture-no-git-'))
  try {
    assert.equal(await isRepository(outside), false)
    assert.equal(await isRepository(join(outside, 'missing')), false)
    assert.equal(await isRepository(folder), true)
    await assert.rejects(commitFiles({ folder: outside, files: lock, message: 'Fix' }), {
      code: 'git-failed',
      message: /not in a Git repository/,
    })
  } finally {
    rmSync(outside, { recursive: true })
  }
})
