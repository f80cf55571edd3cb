import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { LIBC, NEW_SSL, NEW_XML, OLD_SSL, SECURE, SSL, XML } from './packages.ts'
import { readBack } from './read-back.ts'
import { both, faultOf, openWorkshop, securitySuite } from './workshop.ts'

const changesOf = ({ changes }: { readonly changes: readonly { readonly name: string; readonly to?: string }[] }) =>
  changes.map(({ name, to }) => `${name} ${to}`)

test('a finding is counted once for a source package and a flaw, however many records and binaries tell of it', async context => {
  const shop = await openWorkshop(context)
  const report = await shop.scan(shop.layout('image'))
  assert.deepEqual(
    report.findings.map(({ name, group, locations }) => [name, group, locations]),
    [
      ['openssl', SSL, ['libssl3:amd64', 'openssl:amd64']],
      ['glibc', LIBC, ['libc6:amd64']],
      ['libxml2', XML, ['libxml2:amd64']],
    ],
  )
  assert.deepEqual(report.findings[0]?.ids, [SSL, `DEBIAN-${SSL}`, 'DSA-5500-1'])
  assert.equal(report.components, 5)
  assert.deepEqual(
    report.planned?.map(({ outcome }) => outcome),
    ['fixed', 'no-fix', 'fixed'],
  )
})

test('the layer that brought a package is named, also when a later layer wrote the status anew', async context => {
  const shop = await openWorkshop(context)
  const path = 'var/lib/dpkg/status'
  const content = `${(await readBack(shop.layout('plain'))).text(path)}\n`
  const report = await shop.scan(shop.layout('touched', shop.image({ above: [[{ path, content }]] })))
  assert.equal(report.findings.length, 3)
  for (const { id } of report.findings) assert.equal(report.paths[id]?.[0], 'layer 2 (step 1)')
})

test('a plan says of each change which flaw asks for it and whether the packager backported the fix', async context => {
  const shop = await openWorkshop(context)
  const { plan } = await shop.plan(shop.layout('image'))
  assert.deepEqual(
    plan.changes.map(({ name, from, to, release, because }) => [name, from, to, release, because]),
    [
      ['libssl3', OLD_SSL, NEW_SSL, 'upstream', `removes ${SSL}`],
      ['libxml2', '2.9.14-1', NEW_XML, 'backport', `removes ${XML}`],
      ['openssl', OLD_SSL, NEW_SSL, 'upstream', `removes ${SSL}`],
    ],
  )
  assert.equal(plan.objective.newVersions, 3)
})

test('the lowest version that fixes is taken where the repository has more than one', async context => {
  const newer = { control: { Package: 'libxml2', Version: '2.9.14-1+deb12u3', Depends: 'libc6' } }
  const shop = await openWorkshop(context, both(await securitySuite({ packages: [...SECURE, newer] })))
  const { plan } = await shop.plan(shop.layout('image'), { only: ['libxml2'] })
  assert.deepEqual(changesOf(plan), [`libxml2 ${NEW_XML}`])
})

test('what the image’s apt preferences keep out stays as it is, and the file that says so is named', async context => {
  const shop = await openWorkshop(context)
  const path = 'etc/apt/preferences.d/keep'
  const content = 'Package: libxml2\nPin: version 2.9.14-1\nPin-Priority: 1001\n'
  const { plan } = await shop.plan(shop.layout('pinned', shop.image({ above: [[{ path, content }]] })))
  assert.deepEqual(changesOf(plan), [`libssl3 ${NEW_SSL}`, `openssl ${NEW_SSL}`])
  const held = plan.findings.find(({ finding }) => finding.name === 'libxml2')
  assert.equal(held?.outcome, 'blocked')
  assert.match(
    held?.blockers[0]?.remedy ?? '',
    /libxml2:amd64 2\.9\.14-1\+deb12u1 would do, but it is kept at 2\.9\.14-1 by etc\/apt\/preferences\.d\/keep/,
  )
})

test('--only narrows the plan to a flaw, a source or one of its binaries, and refuses what no finding is about', async context => {
  const shop = await openWorkshop(context)
  const reference = shop.layout('image')
  const ssl = [`libssl3 ${NEW_SSL}`, `openssl ${NEW_SSL}`]
  for (const [only, expected] of [
    ['libxml2', [`libxml2 ${NEW_XML}`]],
    [XML, [`libxml2 ${NEW_XML}`]],
    ['DSA-5500-1', ssl],
    ['libssl3', ssl],
  ] as const) {
    assert.deepEqual(changesOf((await shop.plan(reference, { only: [only] })).plan), expected, only)
  }
  await faultOf('not-found', shop.plan(reference, { only: ['tzdata'] }))
})

test('a flaw that the distribution’s records know by their own name goes by its CVE as well: to ask for it, to accept it, to read of it', async context => {
  const shop = await openWorkshop(context)
  const reference = shop.layout('image')
  const affected = [
    {
      package: { ecosystem: 'Debian:12', name: 'libxml2' },
      ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, { fixed: NEW_XML }] }],
    },
  ]
  const record = { id: 'DEBIAN-CVE-2023-45322', modified: '2025-01-01T00:00:00Z', upstream: ['CVE-2023-45322'], affected }
  const advisories = join(shop.root, 'own-name.ndjson')
  writeFileSync(advisories, JSON.stringify(record))
  const { plan } = await shop.plan(reference, { advisories, only: ['CVE-2023-45322'] })
  assert.deepEqual(
    plan.changes.map(({ because }) => because),
    ['removes CVE-2023-45322'],
  )
  const told = await shop.cli('explain', 'CVE-2023-45322', reference, '--advisories', advisories)
  assert.match(told.out, /libxml2 2\.9\.14-1 {2}libxml2:amd64 · runtime · layer 2/)
  assert.match(told.out, new RegExp(`CVE-2023-45322 \\(DEBIAN-CVE-2023-45322\\)[^]*suture fix ${reference} --only CVE-2023-45322`))
  const ignore = [{ advisory: 'CVE-2023-45322', reason: 'not reached' }]
  const report = await shop.scan(reference, { advisories, policy: { ignore } })
  assert.deepEqual(
    report.findings.map(({ ignored }) => ignored?.reason),
    ['not reached'],
  )
})

test('--update with a word that names nothing in the image is refused', async context => {
  const shop = await openWorkshop(context)
  await faultOf('not-found', shop.plan(shop.layout('image'), { image: { update: ['tzdate'] } }))
})

test('--allow-script for what does not change is told, and for what does it is not', async context => {
  const shop = await openWorkshop(context)
  const { plan } = await shop.plan(shop.layout('image'), { image: { allowScripts: ['libxml2', 'libxml3'] } })
  const told = plan.notes.filter(note => note.includes('--allow-script'))
  assert.deepEqual(told, ['No package called libxml3 changes here, so --allow-script libxml3 allows nothing.'])
})

test('--update takes what the security suite offers of a package that no advisory is about, or of all', async context => {
  const shop = await openWorkshop(context)
  const reference = shop.layout('image')
  const one = await shop.plan(reference, { image: { update: ['tzdata'] }, only: ['libxml2'] })
  assert.deepEqual(changesOf(one.plan), [`libxml2 ${NEW_XML}`, 'tzdata 2024b-0+deb12u1'])
  const all = await shop.plan(reference, { image: { update: ['all'] } })
  assert.deepEqual(changesOf(all.plan), [`libssl3 ${NEW_SSL}`, `libxml2 ${NEW_XML}`, `openssl ${NEW_SSL}`, 'tzdata 2024b-0+deb12u1'])
})

test('a package that dpkg or suture.yaml holds stays, and the plan says what holds it', async context => {
  const shop = await openWorkshop(context)
  const held = shop.layout('held', shop.image({ held: ['libxml2'] }))
  const free = shop.layout('free')
  for (const [reference, hold] of [
    [held, []],
    [free, ['libxml2']],
  ] as const) {
    const { plan } = await shop.plan(reference, { policy: { hold } })
    assert.deepEqual(changesOf(plan), [`libssl3 ${NEW_SSL}`, `openssl ${NEW_SSL}`])
    const item = plan.findings.find(({ finding }) => finding.name === 'libxml2')
    assert.equal(item?.outcome, 'blocked')
    assert.match(JSON.stringify(item?.blockers), /hold|held/)
  }
})

test('a release without security updates is scanned, and the plan says since when', async context => {
  const shop = await openWorkshop(context)
  const osRelease = 'ID=debian\nVERSION_ID="9"\nVERSION_CODENAME=stretch\nPRETTY_NAME="Debian GNU/Linux 9 (stretch)"\n'
  const ran = await shop.cli('plan', shop.layout('old', shop.image({ osRelease })), '--advisories', shop.advisories)
  assert.match(`${ran.out}${ran.err}`, /no security updates since|gets no security updates/)
})

test('a budget is a bound on new versions, and what is beyond it has a price', async context => {
  const shop = await openWorkshop(context)
  const reference = shop.layout('image')
  const { plan } = await shop.plan(reference, { budget: 1 })
  assert.deepEqual(changesOf(plan), [`libxml2 ${NEW_XML}`])
  const ssl = plan.findings.find(({ finding }) => finding.name === 'openssl')
  assert.equal(ssl?.outcome, 'available')
  assert.equal(ssl?.price?.newVersions, 2)
  const nothing = await shop.plan(reference, { budget: 0 })
  assert.deepEqual(nothing.plan.changes, [])
})

test('explain tells of a flaw and of a package which binaries, layers and changes belong to it', async context => {
  const shop = await openWorkshop(context)
  const reference = shop.layout('image')
  const engine = await shop.engine()
  const flaw = await engine.explain(shop.request(reference), SSL)
  assert.equal(flaw.kind, 'advisory')
  assert.deepEqual(
    flaw.components.map(({ component }) => component.location),
    ['libssl3:amd64', 'openssl:amd64'],
  )
  assert.deepEqual(changesOf(flaw), [`libssl3 ${NEW_SSL}`, `openssl ${NEW_SSL}`])
  const library = await engine.explain(shop.request(reference), 'libssl3')
  assert.deepEqual(library.components[0]?.paths, [['openssl:amd64', 'libssl3:amd64']])
  await faultOf('not-found', engine.explain(shop.request(reference), 'nothing-of-that-name'))
})

test('a scan whose repository is dead still lists the findings and says why nothing is planned', async context => {
  const shop = await openWorkshop(context)
  const reference = shop.layout('image')
  await shop.repository.close()
  const report = await shop.scan(reference, { offline: true })
  assert.equal(report.findings.length, 3)
  assert.equal(report.planned, undefined)
  assert.match(report.notes.join('\n'), /cannot be asked/)
})
