import assert from 'node:assert/strict'
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { writeLayout } from '../../src/images/testing/layered-image.ts'
import { makeIndex } from '../../src/images/testing/make-image.ts'
import { checkCycloneDx, checkOpenVex, checkSpdx } from '../../src/reports/testing/check-reports.ts'
import { INSTALLED, NEW_SSL, SSL, XML } from './packages.ts'
import { REPOSITORY, registryWith } from './places.ts'
import { manifestsOf } from './read-back.ts'
import { openWorkshop, type Workshop } from './workshop.ts'

function vexOf(shop: Workshop, receipt = '') {
  return checkOpenVex(readFileSync(join(shop.working, receipt.replace(/\.json$/, '.openvex.json')), 'utf8'))
}

/** An advisory about openssl; fixed in the version that the repository offers, or in none. */
function opensslRecord(id: string, aliases: readonly string[], isFixed: boolean): string {
  const events = [{ introduced: '0' }, ...(isFixed ? [{ fixed: NEW_SSL }] : [])]
  const affected = [{ package: { ecosystem: 'Debian:12', name: 'openssl' }, ranges: [{ type: 'ECOSYSTEM', events }] }]
  return JSON.stringify({ id, modified: '2025-01-01T00:00:00Z', aliases, affected })
}

test('a CVE that another record of the same package still has open is not called fixed, the others of its advisory are', async context => {
  const shop = await openWorkshop(context)
  const records = [
    opensslRecord('DSA-6000-1', ['CVE-2025-1000', 'CVE-2025-2000'], true),
    opensslRecord('DEBIAN-CVE-2025-2000', [], false),
    opensslRecord('DSA-7000-1', ['CVE-2025-3000'], true),
    opensslRecord('DEBIAN-CVE-2025-3000', [], false),
  ]
  appendFileSync(shop.advisories, `\n${records.join('\n')}\n`)
  const { receipt, plan } = await shop.fix(shop.layout('image'))
  const open = plan.findings.filter(({ outcome }) => outcome !== 'fixed').flatMap(({ finding }) => finding.ids)
  assert.ok(open.includes('DEBIAN-CVE-2025-2000') && open.includes('DEBIAN-CVE-2025-3000'))
  assert.deepEqual(
    vexOf(shop, receipt).statements.map(({ vulnerability: { name, aliases } }) => [name, aliases]),
    [
      [SSL, [`DEBIAN-${SSL}`, 'DSA-5500-1']],
      [XML, undefined],
      ['CVE-2025-1000', ['DSA-6000-1']],
    ],
  )
})

test('a platform on which nothing had to change has its bills too, under the digest that it keeps', async context => {
  const shop = await openWorkshop(context)
  const amd = shop.image()
  const packages = INSTALLED.filter(({ control }) => typeof control === 'object' && control['Package'] === 'tzdata')
  const arm = shop.image({ packages, options: { architecture: 'arm64' } })
  const { root, blobs } = makeIndex([amd, arm])
  writeLayout(join(shop.root, 'index'), { image: { ...amd.image, manifest: root }, blobs })
  const reference = `oci:${join(shop.root, 'index')}:latest`
  const { receipt = '', image } = await shop.fix(reference)
  assert.deepEqual(
    image?.layers.map(({ platform }) => platform),
    ['linux/amd64'],
  )
  const stem = receipt.replace(/\.json$/, '')
  const bills = ['linux-amd64', 'linux-arm64'].flatMap(platform => [`${stem}.${platform}.cdx.json`, `${stem}.${platform}.spdx.json`])
  assert.deepEqual(image?.evidence, [`${stem}.openvex.json`, ...bills])
  const read = (path: string) => readFileSync(join(shop.working, path), 'utf8')
  const digests = new Map((await manifestsOf(reference)).map(({ platform, digest }) => [platform, digest]))
  const cdx = checkCycloneDx(read(`${stem}.linux-arm64.cdx.json`))
  assert.equal(cdx.metadata.component.version, digests.get('linux/arm64'))
  assert.equal(cdx.metadata.component.version, arm.image.manifest.descriptor.digest)
  assert.deepEqual(
    cdx.components.map(({ name }) => name),
    ['debian', 'tzdata'],
  )
  assert.equal(checkSpdx(read(`${stem}.linux-arm64.spdx.json`)).packages.length, 3)
  const products = vexOf(shop, receipt).statements.flatMap(item => item.products.map(product => product.hashes['sha-256']))
  assert.deepEqual([...new Set(products)], [digests.get('linux/amd64')?.slice('sha256:'.length)])
})

test('a short name that the machine completes with a host without a dot is named in full', async context => {
  const shop = await openWorkshop(context)
  const registry = await registryWith(shop.image())
  context.after(() => registry.close())
  const configuration = join(shop.root, 'registries.conf')
  const rule = `[[registry]]\nprefix = "ours"\nlocation = "${registry.host}"\ninsecure = true\n`
  writeFileSync(configuration, `unqualified-search-registries = ["ours"]\n\n${rule}`)
  const world = { environment: { ...shop.environment, CONTAINERS_REGISTRIES_CONF: configuration } }
  const { receipt = '', image } = await shop.fix(`${REPOSITORY}:latest`, { output: `${REPOSITORY}:patched`, world })
  const cdx = checkCycloneDx(readFileSync(join(shop.working, receipt.replace(/\.json$/, '.cdx.json')), 'utf8'))
  assert.equal(cdx.metadata.component.purl, `pkg:oci/app@${image?.digest}?repository_url=ours%2Fteam%2Fapp`)
})

test('a platform’s name leads to no other folder and no file name that cannot be', async context => {
  const shop = await openWorkshop(context)
  const plain = shop.image()
  const odd = shop.image({ options: { architecture: `../..\\${'x'.repeat(300)}` } })
  const { root, blobs } = makeIndex([plain, odd])
  writeLayout(join(shop.root, 'index'), { image: { ...plain.image, manifest: root }, blobs })
  const { receipt = '', image } = await shop.fix(`oci:${join(shop.root, 'index')}:latest`)
  const stem = receipt.replace(/\.json$/, '')
  assert.equal(image?.evidence.length, 5)
  for (const path of image.evidence) {
    assert.match(path.slice(stem.length), /^\.[\w.-]{1,120}\.json$/)
    assert.ok(JSON.parse(readFileSync(join(shop.working, path), 'utf8')))
  }
})
