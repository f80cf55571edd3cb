import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { blobDigest, type Descriptor } from '../../src/model/image.ts'
import { checkCycloneDx, checkOpenVex, checkSpdx } from '../../src/reports/testing/check-reports.ts'
import { debianUrllib, everyRecord, NEW_URLLIB, npm, OLD_URLLIB } from './languages.ts'
import { INSTALLED, LIBC, NEW_SSL, NEW_XML, OLD_XML, SECURE, SSL, XML } from './packages.ts'
import { REPOSITORY, registryWith, statementOf } from './places.ts'
import { indexLayout, openForTwo } from './platforms.ts'
import { readBack, sourceOf } from './read-back.ts'
import { both, contentOf, faultOf, openWorkshop, securitySuite, type Workshop } from './workshop.ts'

const RECEIPTS = '.suture/receipts'
const LATER = { now: () => new Date('2026-01-12T01:00:00Z') }
const DSSE = 'application/vnd.dsse.envelope.v1+json'
const TITLE = 'org.opencontainers.image.title'
const TYPES = ['application/spdx+json', 'application/vnd.cyclonedx+json', 'application/vnd.openvex+json']

function documentsOf(shop: Workshop, receipt = '') {
  const read = (ending: string) => readFileSync(join(shop.working, receipt.replace(/\.json$/, ending)), 'utf8')
  return { vex: checkOpenVex(read('.openvex.json')), cdx: checkCycloneDx(read('.cdx.json')), spdx: checkSpdx(read('.spdx.json')) }
}

async function fixed(context: TestContext) {
  const shop = await openWorkshop(context)
  const reference = shop.layout('image')
  return { shop, reference, result: await shop.fix(reference) }
}

test('a fix leaves OpenVEX, CycloneDX and SPDX of the result beside its receipt, with its time', async context => {
  const { shop, reference, result } = await fixed(context)
  const stem = (result.receipt ?? '').replace(/\.json$/, '')
  assert.deepEqual(result.image?.evidence, [`${stem}.openvex.json`, `${stem}.cdx.json`, `${stem}.spdx.json`])
  assert.deepEqual(readdirSync(join(shop.working, RECEIPTS)).length, 4)
  const { vex, cdx, spdx } = documentsOf(shop, result.receipt)
  const { digest, diffIds } = await readBack(reference)
  const { created } = statementOf(shop, result.receipt ?? '').statement.predicate
  assert.deepEqual([vex.timestamp, cdx.metadata.timestamp, spdx.creationInfo.created], [created, created, created])
  assert.equal(cdx.metadata.component.purl, `pkg:oci/image@${digest}`)
  assert.equal(spdx.packages[0]?.versionInfo, digest)
  const versions = new Map(cdx.components.map(({ name, version }) => [name, version]))
  assert.deepEqual([...versions.keys()].sort(), ['debian', 'libc6', 'libssl3', 'libxml2', 'openssl', 'tzdata'])
  assert.equal(versions.get('libssl3'), NEW_SSL)
  assert.equal(versions.get('debian'), '12')
  const ssl = cdx.components.find(({ name }) => name === 'libssl3')
  assert.equal(ssl?.purl, `pkg:deb/debian/libssl3@${NEW_SSL}?arch=amd64&distro=debian-12&upstream=openssl`)
  assert.ok(diffIds.includes(ssl?.properties?.find(({ name }) => name === 'suture:layer')?.value ?? ''))
  assert.deepEqual(cdx.dependencies.find(({ ref }) => ref === 'libssl3:amd64')?.dependsOn, ['libc6:amd64'])
  assert.deepEqual(
    spdx.packages.slice(1).map(({ name, versionInfo }) => [name, versionInfo]),
    cdx.components.map(({ name, version }) => [name, version]),
  )
})

test('what is gone is said to be fixed in the packages that had it, what stays is not', async context => {
  const { shop, result } = await fixed(context)
  const { vex } = documentsOf(shop, result.receipt)
  assert.ok(result.plan.findings.some(({ finding, outcome }) => finding.ids.includes(LIBC) && outcome === 'no-fix'))
  assert.deepEqual(
    vex.statements.map(({ vulnerability, products }) => [
      vulnerability,
      products.flatMap(product => product.subcomponents.map(part => part['@id'])),
    ]),
    [
      [
        { name: SSL, aliases: [`DEBIAN-${SSL}`, 'DSA-5500-1'] },
        [
          `pkg:deb/debian/libssl3@${NEW_SSL}?arch=amd64&distro=debian-12&upstream=openssl`,
          `pkg:deb/debian/openssl@${NEW_SSL}?arch=amd64&distro=debian-12`,
        ],
      ],
      [{ name: XML }, [`pkg:deb/debian/libxml2@${NEW_XML.replace('+', '%2B')}?arch=amd64&distro=debian-12`]],
    ],
  )
})

test('a second fix, which replaces the layer of the first, tells again what the first one took away', async context => {
  const shop = await openWorkshop(context)
  const reference = shop.layout('image')
  const first = await shop.fix(reference, { only: [SSL] })
  const second = await shop.fix(reference, { only: [XML], world: LATER })
  const names = ({ receipt }: typeof first) => documentsOf(shop, receipt).vex.statements.map(({ vulnerability }) => vulnerability.name)
  assert.deepEqual(names(first), [SSL])
  assert.deepEqual(names(second), [SSL, XML])
  const xml = documentsOf(shop, first.receipt).cdx.components.find(({ name }) => name === 'libxml2')
  assert.equal(xml?.version, OLD_XML)
})

test('the documents follow from the image: another time changes their ids and times alone, and not the image', async context => {
  const shop = await openWorkshop(context)
  const digests = new Set<string | undefined>()
  const texts: string[][] = []
  for (const [name, world] of [
    ['a/image', {}],
    ['b/image', {}],
    ['c/image', LATER],
  ] as const) {
    mkdirSync(join(shop.root, name), { recursive: true })
    const workingFolder = join(shop.root, `${name}-working`)
    mkdirSync(workingFolder)
    const { image } = await shop.fix(shop.layout(name), { world: { workingFolder, ...world } })
    digests.add(image?.digest)
    texts.push((image?.evidence ?? []).map(path => readFileSync(join(workingFolder, path), 'utf8')))
  }
  const [one = [], same = [], later = []] = texts
  const masked = (text: string) =>
    text.replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'id').replace(/2026-01-12T0\d:00:00Z/g, 'time')
  assert.equal(digests.size, 1)
  assert.equal(one.length, 3)
  assert.deepEqual(same, one)
  assert.deepEqual(later.map(masked), one.map(masked))
  for (const [at, text] of later.entries()) assert.notEqual(text, one[at])
})

test('what languages’ tools brought is in the bills, inside the package that owns it where one does', async context => {
  const suite = await securitySuite({ packages: [...SECURE, debianUrllib(NEW_URLLIB)] })
  const shop = await openWorkshop(context, both(suite))
  writeFileSync(shop.advisories, everyRecord())
  const image = shop.image({ packages: [...INSTALLED, debianUrllib(OLD_URLLIB)], above: [[npm('srv/app', 'lodash', '4.17.20')]] })
  const { receipt } = await shop.fix(shop.layout('image', image))
  const { vex, cdx } = documentsOf(shop, receipt)
  const lodash = cdx.components.find(({ name }) => name === 'lodash')
  assert.equal(lodash?.purl, 'pkg:npm/lodash@4.17.20')
  const urllib = cdx.components.find(({ purl }) => purl?.startsWith('pkg:pypi/urllib3@'))
  const owner = cdx.components.find(({ name }) => name === 'python3-urllib3')
  assert.equal(owner?.version, NEW_URLLIB)
  assert.ok(cdx.dependencies.find(({ ref }) => ref === owner?.['bom-ref'])?.dependsOn.includes(urllib?.['bom-ref'] ?? '?'))
  assert.ok(!vex.statements.some(({ vulnerability }) => vulnerability.name === 'GHSA-npm-lodash'))
})

test('of an index each patched platform has its own bills, and one OpenVEX speaks of all', async context => {
  const shop = await openForTwo(context)
  const { receipt = '', image } = await shop.fix(indexLayout(shop, 'index'), { attach: true })
  const stem = receipt.replace(/\.json$/, '')
  const bills = ['linux-amd64', 'linux-arm64'].flatMap(platform => [`${stem}.${platform}.cdx.json`, `${stem}.${platform}.spdx.json`])
  assert.deepEqual(image?.evidence.toSorted(), [...bills, `${stem}.openvex.json`].toSorted())
  const [amd = '', arm = ''] = bills.filter(path => path.endsWith('.cdx.json')).map(path => readFileSync(join(shop.working, path), 'utf8'))
  const subjects = [amd, arm].map(text => checkCycloneDx(text).metadata.component)
  assert.deepEqual(
    subjects.map(({ properties }) => properties?.[0]?.value),
    ['linux/amd64', 'linux/arm64'],
  )
  assert.ok(checkCycloneDx(arm).components.some(({ purl }) => purl?.includes('arch=arm64')))
  const vex = checkOpenVex(readFileSync(join(shop.working, `${stem}.openvex.json`), 'utf8'))
  for (const { products } of vex.statements) {
    assert.deepEqual(products.map(product => product['@id']).sort(), subjects.map(({ purl }) => purl).sort())
  }
  const source = sourceOf(`oci:${join(shop.root, 'index')}:latest`)
  assert.equal((await source.root()).descriptor.digest, image?.digest)
  const count = async (digest = '') => (await source.referrers(blobDigest(digest))).length
  assert.equal(await count(image?.digest), 2)
  for (const { version } of subjects) assert.equal(await count(version), 2)
})

test('with --attach a layout lists receipt and documents as referrers of the image, and undo leaves them behind', async context => {
  const shop = await openWorkshop(context)
  const reference = shop.layout('image')
  const before = (await readBack(reference)).digest
  const { receipt = '', image, plan } = await shop.fix(reference, { attach: true })
  const source = sourceOf(reference)
  const root = (await source.root()).descriptor
  assert.equal(root.digest, image?.digest)
  const found = new Map<string, string>()
  for (const referrer of await source.referrers(root.digest)) {
    const manifest = JSON.parse(Buffer.from((await source.document(referrer)).bytes).toString('utf8'))
    assert.deepEqual(manifest.subject, { mediaType: root.mediaType, digest: root.digest, size: root.size })
    const chunks: Uint8Array[] = []
    for await (const chunk of source.blob(manifest.layers[0])) chunks.push(chunk)
    const text = Buffer.concat(chunks).toString('utf8')
    found.set(manifest.artifactType, text)
    assert.equal(readFileSync(join(shop.working, RECEIPTS, manifest.layers[0].annotations[TITLE]), 'utf8'), text)
    assert.match(plan.notes.join('\n'), new RegExp(referrer.digest))
  }
  assert.deepEqual([...found.keys()].sort(), [...TYPES, DSSE].sort())
  const written = [...(image?.evidence ?? []), receipt].map(path => readFileSync(join(shop.working, path), 'utf8'))
  assert.deepEqual([...found.values()].sort(), written.sort())
  const engine = await shop.engine()
  await engine.undo({ folder: shop.working, dryRun: false, insecure: false })
  assert.equal((await readBack(reference)).digest, before)
})

for (const referrers of [true, false]) {
  test(`with --attach a registry ${referrers ? 'with' : 'without'} referrers API lists receipt and documents`, async context => {
    const shop = await openWorkshop(context)
    const made = shop.image()
    const registry = await registryWith(made, { referrers })
    context.after(() => registry.close())
    const from = `${registry.host}/${REPOSITORY}:latest`
    const output = `${registry.host}/${REPOSITORY}:patched`
    const { image, receipt } = await shop.fix(from, { output, attach: true, only: [SSL] })
    assert.equal(documentsOf(shop, receipt).cdx.metadata.component.purl, purlIn(registry.host, image?.digest))
    const subject = (bytes: Buffer) => JSON.parse(bytes.toString()).subject?.digest
    const attached = [...registry.manifests].filter(([key, { bytes }]) => key.includes(' sha256:') && subject(bytes) === image?.digest)
    assert.deepEqual(attached.map(([, { bytes }]) => JSON.parse(bytes.toString()).artifactType).sort(), [...TYPES, DSSE].sort())
    const fallback = registry.manifests.get(`${REPOSITORY} ${image?.digest.replace(':', '-')}`)
    assert.equal(fallback === undefined, referrers)
    if (fallback !== undefined) {
      const listed: readonly (Descriptor & { artifactType: string })[] = JSON.parse(fallback.bytes.toString()).manifests
      assert.deepEqual(listed.map(({ artifactType }) => artifactType).sort(), [...TYPES, DSSE].sort())
      for (const { digest } of listed) assert.ok(registry.manifests.has(`${REPOSITORY} ${digest}`))
    }
    // What hangs on the patched image is named when it is patched again, and stays with it.
    const again = await shop.fix(output, { output: `${registry.host}/${REPOSITORY}:again`, world: LATER })
    assert.match(again.plan.notes.join('\n'), /4 referrers \(signatures, attestations\) of the image before the patch stay with it/)
    for (const [key] of attached) assert.ok(registry.manifests.has(key))
  })
}

test('a dry run, and a fix that has nothing to do, leave no documents', async context => {
  const shop = await openWorkshop(context)
  const reference = shop.layout('image')
  const dry = await shop.fix(reference, { dryRun: true, attach: true })
  assert.deepEqual(dry.image?.evidence, [])
  assert.deepEqual(contentOf(shop.working), new Map())
  await shop.fix(reference)
  rmSync(join(shop.working, '.suture'), { recursive: true })
  assert.equal((await shop.fix(reference, { world: LATER })).written, false)
  assert.deepEqual(contentOf(shop.working), new Map())
})

test('where a document cannot be written the image is not, and none of the others is left', async context => {
  const shop = await openWorkshop(context)
  const reference = shop.layout('image')
  const { receipt = '' } = await shop.fix(reference, { output: `oci:${join(shop.root, 'other')}:x` })
  for (const folder of [join(shop.working, RECEIPTS), join(shop.root, 'other')]) rmSync(folder, { recursive: true })
  const layout = contentOf(join(shop.root, 'image'))
  // A folder of the name of the receipt, which is written last.
  mkdirSync(join(shop.working, receipt, 'in-the-way'), { recursive: true })
  await faultOf('write-failed', shop.fix(reference, { output: `oci:${join(shop.root, 'other')}:x` }))
  assert.deepEqual(readdirSync(join(shop.working, RECEIPTS)), [receipt.slice(RECEIPTS.length + 1)])
  assert.deepEqual(contentOf(join(shop.root, 'image')), layout)
  rmSync(join(shop.working, '.suture'), { recursive: true })
  writeFileSync(join(shop.working, '.suture'), 'a file')
  await faultOf('write-failed', shop.fix(reference))
  assert.deepEqual(contentOf(join(shop.root, 'image')), layout)
})

test('the newest receipt is found among the documents, and the command names them', async context => {
  const shop = await openWorkshop(context)
  const reference = shop.layout('image')
  const ran = await shop.cli('fix', reference, '--advisories', shop.advisories)
  const names = [/OpenVEX +\.suture\/receipts\/\S+\.openvex\.json/, /CycloneDX +\S+\.cdx\.json/, /SPDX +\S+\.spdx\.json/]
  for (const name of names) assert.match(ran.out, name)
  const engine = await shop.engine()
  assert.equal((await engine.receipts(shop.working)).length, 1)
  assert.equal((await shop.cli('verify')).code, 0)
  assert.equal((await shop.cli('undo')).code, 0)
})

function purlIn(host: string, digest = ''): string {
  return `pkg:oci/app@${digest}?repository_url=${encodeURIComponent(`${host}/${REPOSITORY}`).replaceAll('%3A', ':')}`
}
