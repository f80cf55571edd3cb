import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { layeredImage } from '../../src/images/testing/layered-image.ts'
import { makeZip } from '../../src/inventory/testing/make-zip.ts'
import { debianUrllib, everyRecord, goProgram, jar, LANGUAGE_RECORDS, NEW_URLLIB, npm, OLD_URLLIB, pip, rustProgram } from './languages.ts'
import { INSTALLED, NEW_SSL, recordsFor, SECURE } from './packages.ts'
import { readBack } from './read-back.ts'
import { both, faultOf, openWorkshop, securitySuite, type Workshop } from './workshop.ts'

const NPM_LAYER = [npm('srv/app', 'lodash', '4.17.20'), npm('srv/app', 'minimist', '1.2.5'), npm('srv/app', 'never-fixed', '1.0.0')]
const OTHERS_LAYER = [
  { path: 'srv/app/node_modules/.wh.minimist' },
  npm('srv/tool', 'lodash', '4.17.20'),
  pip('Flask_Cors', '4.0.0+local.1'),
  pip('requests', '2.0.0'),
  jar('opt/app.jar', 'org.example', 'text', '1.9'),
  goProgram('usr/local/bin/server', 'go1.21.5', ['example.org/net@v0.16.0', 'example.org/clean@v1.0.0']),
  rustProgram('usr/local/bin/tool', 'time', '0.2.22'),
]

/** Every language's components over Debian packages, one of which brings a Python distribution. */
async function openShop(context: TestContext): Promise<{ readonly shop: Workshop; readonly reference: string }> {
  const suite = await securitySuite({ packages: [...SECURE, debianUrllib(NEW_URLLIB)] })
  const shop = await openWorkshop(context, both(suite))
  writeFileSync(shop.advisories, everyRecord())
  const image = shop.image({ packages: [...INSTALLED, debianUrllib(OLD_URLLIB)], above: [NPM_LAYER, OTHERS_LAYER] })
  return { shop, reference: shop.layout('image', image) }
}

const FOREIGN = ['Flask', 'flask-cors', 'lodash', 'never-fixed', 'org.example:text', 'example.org/net', 'stdlib', 'time']
const isForeign = ({ name }: { readonly name: string }) => FOREIGN.includes(name)

test('what each language’s tool installed is found with its own advisories, and in every place', async context => {
  const { shop, reference } = await openShop(context)
  const report = await shop.scan(reference)
  assert.deepEqual(
    report.findings.filter(isForeign).map(({ purl, group, locations }) => [purl, group, locations]),
    [
      ['pkg:golang/example.org/net@v0.16.0', 'GO-module', ['usr/local/bin/server#example.org/net']],
      ['pkg:pypi/flask-cors@4.0.0', 'PYSEC-flask', ['usr/local/lib/python3.11/site-packages/Flask_Cors-4.0.0+local.1.dist-info/METADATA']],
      [
        'pkg:npm/lodash@4.17.20',
        'GHSA-npm-lodash',
        ['srv/app/node_modules/lodash/package.json', 'srv/tool/node_modules/lodash/package.json'],
      ],
      ['pkg:npm/never-fixed@1.0.0', 'GHSA-npm-never', ['srv/app/node_modules/never-fixed/package.json']],
      ['pkg:maven/org.example/text@1.9', 'GHSA-java-text', ['opt/app.jar']],
      ['pkg:golang/stdlib@1.21.5', 'GO-stdlib', ['usr/local/bin/server#stdlib']],
      ['pkg:cargo/time@0.2.22', 'RUSTSEC-time', ['usr/local/bin/tool#time@0.2.22']],
    ],
  )
  // Six Debian packages; npm 3, pip 2, Java 1, Go 3, Rust 1; and the distribution's own Python metadata.
  assert.equal(report.components, 6 + 10 + 1)
})

test('what a later layer hides is not found', async context => {
  const { shop, reference } = await openShop(context)
  const { findings } = await shop.scan(reference)
  assert.equal(
    findings.some(({ name }) => name === 'minimist'),
    false,
  )
})

test('what belongs to a package of the distribution is matched with the distribution’s advisories only', async context => {
  const { shop, reference } = await openShop(context)
  const { findings, planned } = await shop.scan(reference)
  assert.deepEqual(
    findings.filter(({ name }) => name.includes('urllib3')).map(({ name, group }) => [name, group]),
    [['python-urllib3', 'CVE-2023-7777']],
  )
  assert.equal(planned?.find(({ finding }) => finding.name === 'python-urllib3')?.outcome, 'fixed')
})

test('the plan leaves them, says which layer brought each and where to fix it, and counts their risk before and after', async context => {
  const { shop, reference } = await openShop(context)
  const { plan } = await shop.plan(reference)
  const lodash = plan.findings.find(({ finding }) => finding.name === 'lodash')
  assert.equal(lodash?.outcome, 'blocked')
  assert.deepEqual(
    lodash?.blockers.map(({ owner, declares, range, path }) => [owner, declares, range, path]),
    [
      ['layer 3 (step 2)', 'lodash', '4.17.20', ['layer 3', 'srv/app/node_modules/lodash/package.json']],
      ['layer 4 (step 3)', 'lodash', '4.17.20', ['layer 4', 'srv/tool/node_modules/lodash/package.json']],
    ],
  )
  assert.match(
    lodash?.blockers[0]?.remedy ?? '',
    /npm, pnpm or yarn installed it, and layer 3 brought it\. An advisory names 4\.17\.21 as fixed.* suture fix in the repository whose lock it is/,
  )
  assert.equal(plan.findings.find(({ finding }) => finding.name === 'never-fixed')?.outcome, 'no-fix')
  const outcomes = plan.findings.filter(({ finding }) => isForeign(finding)).map(({ outcome }) => outcome)
  assert.equal(outcomes.length, 7)
  assert.equal(outcomes.includes('fixed'), false)
  // Seven critical ones, and one of the C library.
  assert.equal(plan.objective.riskLeft, 7 * 100 + 10)
  assert.equal(plan.curve.at(-1)?.riskLeft, plan.objective.riskLeft)
  assert.equal(plan.curve.at(-1)?.findingsLeft, 8)
  assert.equal(plan.changes.some(isForeign), false)
})

test('a fix moves the distribution’s packages, proves the rest to be as it was, and claims none of it', async context => {
  const { shop, reference } = await openShop(context)
  const before = await shop.scan(reference)
  const result = await shop.fix(reference)
  assert.equal(result.written, true)
  assert.equal(result.verification.find(({ check }) => check === 'what other installers brought')?.detail, '10 components as they were')
  assert.deepEqual(
    result.plan.changes.map(({ name, to }) => `${name} ${to}`),
    [`libssl3 ${NEW_SSL}`, 'libxml2 2.9.14-1+deb12u1', `openssl ${NEW_SSL}`, `python3-urllib3 ${NEW_URLLIB}`],
  )
  const metadata = (await readBack(reference)).text('usr/lib/python3/dist-packages/urllib3-1.26.5.dist-info/METADATA')
  assert.match(metadata, new RegExp(`as in ${NEW_URLLIB.replaceAll('+', '\\+')}`))
  const after = await shop.scan(reference)
  assert.deepEqual(
    after.findings.map(({ id }) => id),
    before.findings.filter(finding => isForeign(finding) || finding.name === 'glibc').map(({ id }) => id),
  )
})

test('--only names one of them, and explain tells its story', async context => {
  const { shop, reference } = await openShop(context)
  const { plan } = await shop.plan(reference, { only: ['lodash'] })
  assert.deepEqual(plan.changes, [])
  assert.equal(plan.riskBefore, 100)
  assert.equal(plan.objective.riskLeft, 100)
  const story = await shop.cli('explain', 'lodash', reference, '--advisories', shop.advisories)
  assert.match(story.out, /blocked/)
  assert.match(story.out, /layer 3 \(step 2\) brings lodash 4\.17\.20/)
})

test('explain tells of a distribution in a Debian package what is known of that package', async context => {
  const { shop, reference } = await openShop(context)
  const { out } = await shop.cli('explain', 'urllib3', reference, '--advisories', shop.advisories)
  assert.match(out, /python3-urllib3:all › usr\/lib\/python3\/dist-packages\/urllib3-1\.26\.5\.dist-info\/METADATA/)
  assert.match(out, /CVE-2023-7777/)
  assert.match(out, /python3-urllib3 +1\.26\.5-1 → 1\.26\.5-1\+deb12u1/)
})

test('of several flaws in one version the plan names the version that ends all of them, and nothing unread is called clean', async context => {
  const shop = await openWorkshop(context)
  writeFileSync(
    shop.advisories,
    [...LANGUAGE_RECORDS, LANGUAGE_RECORDS[0]?.replace('GHSA-npm-lodash', 'GHSA-npm-older').replace('4.17.21', '4.17.19')].join('\n'),
  )
  const reference = shop.layout('image', shop.image({ above: [[npm('srv', 'lodash', '4.17.11')]] }))
  const { plan } = await shop.plan(reference, { only: ['lodash'] })
  for (const { blockers } of plan.findings) {
    const [blocker] = blockers
    assert.match(blocker?.remedy ?? '', blocker?.remedy.includes('as fixed') ? / 4\.17\.21 as fixed/ : /name 4\.17\.21 as free of all/)
  }
  assert.equal(plan.findings.length, 2)
  const broken = shop.layout(
    'broken',
    shop.image({ above: [[{ path: 'srv/a.jar', content: makeZip([{ name: 'a', content: 'b'.repeat(500) }]).subarray(0, 40) }]] }),
  )
  const report = await shop.scan(broken)
  assert.deepEqual([report.partial, report.notes.some(note => note.includes('srv/a.jar'))], [true, true])
})

test('a Java archive that does not say its group is in the inventory, and said to be unchecked', async context => {
  const shop = await openWorkshop(context)
  writeFileSync(shop.advisories, everyRecord())
  const content = makeZip([{ name: 'META-INF/MANIFEST.MF', content: 'Implementation-Title: text\nImplementation-Version: 1.9\n' }])
  const report = await shop.scan(shop.layout('image', shop.image({ above: [[{ path: 'opt/text-1.9.jar', content }]] })))
  assert.equal(report.components, INSTALLED.length + 1)
  assert.match(report.notes.join(' '), /1 Java archive without a Maven group could not be checked/)
})

test('an image without packages of the distribution is scanned, and nothing in it is called fixable', async context => {
  const shop = await openWorkshop(context)
  writeFileSync(shop.advisories, everyRecord())
  const release = { path: 'etc/os-release', content: 'ID=alpine\nVERSION_ID=3.19.1\nPRETTY_NAME="Alpine Linux v3.19"\n' }
  const reference = shop.layout('alpine', layeredImage([[release, { path: 'lib/apk/db/installed', content: 'P:musl\n' }], NPM_LAYER]))
  const report = await shop.scan(reference)
  assert.deepEqual(
    report.planned?.map(({ finding, outcome }) => [finding.name, outcome]),
    [
      ['lodash', 'blocked'],
      ['minimist', 'blocked'],
      ['never-fixed', 'no-fix'],
    ],
  )
  assert.match(report.notes.join(' '), /holds no Debian packages \(Alpine Linux v3\.19\).* apk’s, which Suture does not read/)
  const { plan } = await shop.plan(reference)
  assert.equal(plan.objective.riskLeft, 300)
  const result = await shop.fix(reference)
  assert.equal(result.written, false)
  assert.match(result.plan.notes.join(' '), /nothing in it can be patched/)
  const { out } = await shop.cli('scan', reference, '--advisories', shop.advisories)
  assert.match(out, /Blocked · 2 findings/)

  const affected = [{ package: { ecosystem: 'npm', name: 'not-here' }, versions: ['1.0.0'] }]
  writeFileSync(shop.advisories, JSON.stringify({ id: 'X-1', modified: '2024-01-01T00:00:00Z', affected }))
  for (const verb of ['scan', 'plan', 'fix']) {
    const clean = await shop.cli(verb, reference, '--advisories', shop.advisories)
    assert.match(clean.out, /in the part that could be looked at/)
    assert.doesNotMatch(clean.out, /✓/)
  }
})

test('one flaw of two ecosystems’ packages that have the same name and version is two findings', async context => {
  const shop = await openWorkshop(context)
  const affected = ['npm', 'PyPI'].map(ecosystem => ({ package: { ecosystem, name: 'same' }, versions: ['1.0.0'] }))
  writeFileSync(shop.advisories, `${recordsFor()}\n${JSON.stringify({ id: 'CVE-2025-1', modified: '2025-01-01T00:00:00Z', affected })}`)
  const { findings, planned } = await shop.scan(
    shop.layout('image', shop.image({ above: [[npm('srv', 'same', '1.0.0'), pip('same', '1.0.0')]] })),
  )
  const ids = ['same@1.0.0:CVE-2025-1', 'PyPI:same@1.0.0:CVE-2025-1']
  assert.deepEqual(
    findings
      .filter(({ name }) => name === 'same')
      .map(({ id }) => id)
      .toSorted(),
    ids.toSorted(),
  )
  assert.equal(planned?.length, findings.length)
})

test('an image of another distribution without any of them is refused with its name', async context => {
  const shop = await openWorkshop(context)
  const release = { path: 'etc/os-release', content: 'ID=fedora\nPRETTY_NAME="Fedora Linux 40"\n' }
  const reference = shop.layout('fedora', layeredImage([[release, { path: 'var/lib/rpm/rpmdb.sqlite', content: 'x' }]]))
  const fault = await faultOf('distribution-unsupported', shop.scan(reference))
  assert.match(fault.message, /Fedora Linux 40.* rpm’s/)
})

test('components that no advisory at hand is about are said to be unchecked', async context => {
  const shop = await openWorkshop(context)
  const folder = join(shop.root, 'records')
  mkdirSync(folder)
  writeFileSync(join(folder, 'debian.ndjson'), recordsFor())
  writeFileSync(join(folder, 'npm.ndjson'), LANGUAGE_RECORDS.filter(text => text.includes('"npm"')).join('\n'))
  const reference = shop.layout('image', shop.image({ above: [NPM_LAYER, OTHERS_LAYER] }))
  const report = await shop.scan(reference, { advisories: folder })
  assert.ok(report.findings.some(({ name }) => name === 'lodash'))
  assert.match(report.notes.join(' '), /No advisories for PyPI are at hand, so 2 components could not be checked/)
  assert.match(report.notes.join(' '), /No advisories for Go are at hand, so 3 components/)
  assert.doesNotMatch(report.notes.join(' '), /No advisories for npm/)
})
