/** References in Dockerfiles and compose files moved to newer images: edited where they stand, with a receipt, and taken back. */
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { documentOf } from '../../src/images/testing/make-image.ts'
import { basesIn } from './bases.ts'
import { contentOf } from './workshop.ts'

const HELD = ['libxml2', 'openssl', 'libssl3']

test('a tag and a digest are edited where they stand, byte for byte, and undo gives the file back', async context => {
  const { shop, registry, put, old, newer } = await basesIn(context)
  const base = put('team/base:12.4', shop.image({ held: HELD }))
  const build = put('team/build:1.2.3-slim', old())
  const [later, builder] = [newer(), newer({ config: { config: { User: 'app' } } })]
  put('team/base:12.5', later)
  put('team/build:1.2.4-slim', builder)
  const file = join(shop.working, 'Dockerfile')
  const oldDigest = old().image.manifest.descriptor.digest
  const before = `\ufeff# the build\r\nFROM  ${build}@${oldDigest} \\\r\n  AS build # not a comment\r\nRUN echo ${base}\r\n\r\nFROM --platform=linux/amd64 ${base}\r\nCOPY --from=build /a /a`
  writeFileSync(file, before)
  const words = ['fix', 'Dockerfile', '--advisories', shop.advisories, '--threshold', 'high']
  const dry = await shop.cli(...words, '--dry-run')
  assert.match(dry.out, /Dry run: would move 2 of 2 images/, dry.err)
  assert.equal(readFileSync(file, 'utf8'), before)
  const plan = await shop.cli('plan', ...words.slice(1))
  assert.match(plan.out, /Newer images to name\nDockerfile:2 [\s\S]*suture fix Dockerfile --advisories/, plan.err)
  const done = await shop.cli(...words)
  assert.equal(done.code, 0, done.out + done.err)
  assert.match(done.out, /✓ Moved 2 of 2 images that Dockerfile names/)
  assert.match(done.out, /Other settings: User/)
  const newDigest = builder.image.manifest.descriptor.digest
  const after = before
    .replace(`1.2.3-slim@${oldDigest}`, `1.2.4-slim@${newDigest}`)
    .replace(`--platform=linux/amd64 ${registry.host}/team/base:12.4`, `--platform=linux/amd64 ${registry.host}/team/base:12.5`)
  assert.equal(readFileSync(file, 'utf8'), after)
  const again = await shop.cli(...words)
  assert.match(again.out, /Nothing was changed/)
  assert.equal(again.code, 0)
  const undone = await shop.cli('undo')
  assert.match(undone.out, /Took back 2 changes in Dockerfile/, undone.err)
  assert.equal(readFileSync(file, 'utf8'), before)
})

test('what stays as it is says why, and findings that stay decide the exit code', async context => {
  const { shop, put, old, newer } = await basesIn(context)
  const [last, variable, worse, other] = [
    put('team/last:12.4', shop.image({ held: HELD })),
    put('team/variable:12.4', shop.image({ held: HELD })),
    put('team/worse:12.4', old()),
    put('team/other:12.4', shop.image({ held: HELD })),
  ]
  put('team/variable:12.5', newer())
  put('team/worse:12.5', old({ config: { config: { User: 'app' } } }))
  const osRelease = 'ID=debian\nVERSION_ID="13"\nVERSION_CODENAME=trixie\nPRETTY_NAME="Debian GNU/Linux 13 (trixie)"\n'
  put('team/other:12.5', newer({}, { osRelease }))
  const text = `ARG TAG=12.4\nFROM ${variable.replace('12.4', '$TAG')}\nARG TAG\nFROM ${worse}\nFROM ${other}\nFROM $NOWHERE\nFROM ${last}\n`
  writeFileSync(join(shop.working, 'Dockerfile'), text)
  const { out, code } = await shop.cli('fix', 'Dockerfile', '--advisories', shop.advisories)
  assert.equal(code, 1)
  for (const reason of [
    /Dockerfile:2\s+\S+variable:12\.4 is not named literally; \S+variable:12\.5@sha256:/,
    /Dockerfile:4\s+\S+ has newer ones, which fix nothing/,
    /Dockerfile:5\s+\S+ has newer ones of another release/,
    /Dockerfile:6\s+\S+ depends on NOWHERE/,
    /Dockerfile:7\s+\S+ has nothing newer of its line/,
  ])
    assert.match(out.replace(/\n {2,}(?!Dockerfile)/g, ' '), reason)
  assert.equal(readFileSync(join(shop.working, 'Dockerfile'), 'utf8'), text)
  assert.deepEqual([...contentOf(shop.working).keys()], ['Dockerfile'])
})

test('where a tag comes from the default of one argument, the default is edited', async context => {
  const { shop, put, newer } = await basesIn(context)
  const reference = put('team/base:12.4-slim', shop.image({ held: HELD }))
  put('team/base:12.5-slim', newer())
  const file = join(shop.working, 'Dockerfile')
  const before = `ARG TAG="12.4" # of the base\nFROM ${reference.replace('12.4', '$TAG')}\n`
  writeFileSync(file, before)
  const { out } = await shop.cli('fix', 'Dockerfile', '--advisories', shop.advisories)
  assert.match(out, /Dockerfile:2 \S+12\.4-slim → \S+12\.5-slim/)
  assert.equal(readFileSync(file, 'utf8'), before.replace('12.4', '12.5'))
  assert.match((await shop.cli('undo')).out, /Took back 1 change/)
  assert.equal(readFileSync(file, 'utf8'), before)
})

test('build arguments from outside count before those of the file', async context => {
  const { shop, registry, put, newer } = await basesIn(context)
  const reference = put('team/base:12.5', newer())
  const text = 'ARG HOST\nARG TAG=12.4\nFROM $HOST/team/base:$TAG\n'
  writeFileSync(join(shop.working, 'Dockerfile'), text)
  const scan = (...words: readonly string[]) => shop.cli('scan', 'Dockerfile', '--advisories', shop.advisories, ...words)
  assert.match((await scan()).out, /depends on HOST/)
  const given = ['--build-arg', `HOST=${registry.host}`, '--build-arg', 'TAG=12.5']
  assert.match((await scan(...given)).out, new RegExp(`FROM ${reference}`))
  assert.match((await scan('--build-arg', '=x')).err, /usage/)
  assert.match((await shop.cli('scan', reference, ...given)).err, /usage/)
})

test('a compose file and the Dockerfiles that it builds are changed as one act', async context => {
  const { shop, registry, put, newer } = await basesIn(context)
  const reference = put('team/base:12.4', shop.image({ held: HELD }))
  put('team/base:12.5', newer())
  mkdirSync(join(shop.working, 'web'))
  const [compose, dockerfile] = [join(shop.working, 'compose.yaml'), join(shop.working, 'web/Dockerfile')]
  const before = `x-a: &a { image: "${reference}" } # ${reference}\nservices:\n  db: { <<: *a }\n  web: { build: web }\n  more: { build: ./web/ }\n  inline:\n    build:\n      dockerfile_inline: FROM ${reference}\n`
  writeFileSync(compose, before)
  writeFileSync(dockerfile, `FROM ${reference}\n`)
  const { out, code } = await shop.cli('fix', 'compose.yaml', '--advisories', shop.advisories, '--json')
  assert.equal(code, 1, 'the image that stands inline stays')
  const { images, receipt }: { images: { move?: unknown; stays?: string }[]; receipt: string } = JSON.parse(out)
  assert.equal(images.filter(({ move }) => move !== undefined).length, 3)
  assert.equal(images.filter(({ stays }) => stays?.startsWith('is not named literally')).length, 1)
  assert.equal(readFileSync(compose, 'utf8'), before.replace(`"${reference}"`, `"${registry.host}/team/base:12.5"`))
  assert.equal(readFileSync(dockerfile, 'utf8'), `FROM ${registry.host}/team/base:12.5\n`)
  const undone = await shop.cli('undo', receipt)
  assert.equal(undone.code, 0, undone.err)
  assert.equal(readFileSync(compose, 'utf8'), before)
  assert.equal(readFileSync(dockerfile, 'utf8'), `FROM ${reference}\n`)
})

test('a newer base of the image that a file names is not written in its place', async context => {
  const { shop, registry, put, newer } = await basesIn(context)
  const held = shop.image({ held: HELD })
  put('team/base:12.4', held)
  put('team/base:12.5', newer())
  const app = shop.image({ held: HELD, above: [[{ path: 'opt/app', content: 'app' }]] })
  const text = JSON.parse(Buffer.from(app.image.manifest.bytes).toString('utf8'))
  const annotations = {
    'org.opencontainers.image.base.name': `${registry.host}/team/base:12.4`,
    'org.opencontainers.image.base.digest': held.image.manifest.descriptor.digest,
  }
  const manifest = documentOf(app.image.manifest.descriptor.mediaType, JSON.stringify({ ...text, annotations }))
  const reference = put('team/app:7.1', { ...app, image: { ...app.image, manifest } })
  assert.match((await shop.plan(reference)).bases?.newer[0]?.reference ?? '', /team\/base:12\.5/)
  writeFileSync(join(shop.working, 'Dockerfile'), `FROM ${reference}\n`)
  const { out } = await shop.cli('fix', 'Dockerfile', '--advisories', shop.advisories)
  assert.match(out, /has nothing newer of its line/)
})

test('a file outside the folder, one that is no UTF-8, and options of other targets are refused with nothing written', async context => {
  const { shop, put, newer } = await basesIn(context)
  const reference = put('team/base:12.4', shop.image({ held: HELD }))
  put('team/base:12.5', newer())
  writeFileSync(join(shop.root, 'Dockerfile'), `FROM ${reference}\n`)
  const fix = (...words: readonly string[]) => shop.cli('fix', ...words, '--advisories', shop.advisories)
  const outside = await fix('../Dockerfile')
  assert.match(outside.err, /usage[\s\S]*outside/)
  writeFileSync(join(shop.working, 'Dockerfile'), Buffer.from(`# \xe9\nFROM ${reference}\n`, 'latin1'))
  const latin1 = contentOf(shop.working)
  assert.match((await fix('Dockerfile')).err, /dockerfile-invalid/)
  for (const flag of [['--commit'], ['--test', 'true'], ['--output', 'oci:x'], ['--attach'], ['--manifest']])
    assert.match((await fix('Dockerfile', ...flag)).err, /usage/, flag.join(' '))
  assert.deepEqual(contentOf(shop.working), latin1)
})
