/** Indexes, manifests, configs, layouts and archives that lie, contradict themselves or lead elsewhere. */
import { mkdirSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { documentOf } from '../../src/images/testing/make-image.ts'
import { makeTar, type TarItem } from '../../src/images/testing/make-tar.ts'
import type { BlobDigest, Descriptor } from '../../src/model/image.ts'
import { type HostileCase, hostileTests } from './hostile.ts'
import { blobFile, withIndex, withTexts } from './hostile-image.ts'
import type { Workshop } from './workshop.ts'

const INDEX = 'application/vnd.oci.image.index.v1+json'
const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`
const descriptor = (text: string): Descriptor => JSON.parse(text).manifests[0]

/** Indexes around the image, the innermost first. */
function withIndexes(wrap: readonly ((inner: Descriptor) => string)[]): HostileCase['given'] {
  return shop => {
    const made = shop.image()
    const blobs = new Map<BlobDigest, Uint8Array>(made.blobs)
    let manifest = made.image.manifest
    for (const make of wrap) {
      manifest = documentOf(INDEX, make(manifest.descriptor))
      blobs.set(manifest.descriptor.digest, manifest.bytes)
    }
    return [shop.layout('image', { image: { ...made.image, manifest }, blobs })]
  }
}

const indexOf = (...manifests: readonly object[]): string => JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests })
const linux = { platform: { os: 'linux', architecture: 'amd64' } }

/** A layout in which something was done to the file that is the manifest. */
function withManifestFile(change: (path: string, shop: Workshop) => void): HostileCase['given'] {
  return shop => {
    const image = shop.image()
    const reference = shop.layout('image', image)
    change(blobFile(shop, image.image.manifest.descriptor.digest), shop)
    return [reference]
  }
}

/** An archive as `docker save` makes it, of a good image, with other words in `manifest.json` and entries besides. */
function withArchive(change: (manifest: string) => string, more: readonly TarItem[] = [], cut = 0): HostileCase['given'] {
  return shop => {
    const { image, blobs } = shop.image()
    const layers = image.layers.map(({ descriptor }) => ({
      path: `${descriptor.digest.slice(7)}.tar.gz`,
      content: blobs.get(descriptor.digest) ?? '',
    }))
    const manifest = [{ Config: 'config.json', RepoTags: ['team/app:latest'], Layers: layers.map(({ path }) => path) }]
    const items = [
      { path: 'config.json', content: image.config.bytes },
      ...layers,
      ...more,
      { path: 'manifest.json', content: change(JSON.stringify(manifest)) },
    ]
    const tar = makeTar(items)
    writeFileSync(join(shop.root, 'image.tar'), tar.subarray(0, tar.length - cut))
    return [`docker-archive:${join(shop.root, 'image.tar')}`]
  }
}

const unchanged = (text: string): string => text

hostileTests([
  { name: 'an index.json that is no JSON', given: withIndex(() => '{"manifests":'), ends: 'image-invalid' },
  { name: 'an index.json nested 50,000 deep', given: withIndex(() => `{"manifests":${deep}}`), ends: 'image-invalid' },
  { name: 'an index.json of 9 MiB', given: withIndex(text => text + ' '.repeat(9 * 2 ** 20)), ends: 'image-too-large' },
  { name: 'an index.json with two lists', given: withIndex(text => text.replace('{', '{"manifests":[],')), ends: 'image-invalid' },
  {
    name: 'an index.json whose list is on a prototype',
    given: withIndex(text => text.replace('"manifests"', '"__proto__":{"manifests"').replace(/}$/, '}}')),
    ends: 'image-invalid',
  },
  {
    name: 'an index.json whose digest is a path',
    given: withIndex(text => text.replace(/sha256:[0-9a-f]+/, 'sha256:../../../../etc/passwd')),
    ends: 'image-invalid',
  },
  { name: 'an index.json of another algorithm', given: withIndex(text => text.replace('sha256:', 'md5:')), ends: 'image-invalid' },
  {
    name: 'an index.json with a size of 1e308',
    given: withIndex(text => text.replace(/"size":\d+/, '"size":1e308')),
    ends: 'image-invalid',
  },
  { name: 'an index.json with a negative size', given: withIndex(text => text.replace(/"size":\d+/, '"size":-1')), ends: 'image-invalid' },
  {
    name: 'an index.json with 100,000 manifests',
    given: withIndex(text => indexOf(...new Array<object>(100_000).fill(descriptor(text)))),
    ends: 'image-too-large',
  },
  {
    name: 'an index.json with one tag twice, on two images',
    given: withIndex(text => indexOf(descriptor(text), { ...descriptor(text), digest: `sha256:${'1'.repeat(64)}` })),
    ends: 'image-invalid',
  },
  {
    name: 'an index.json whose only tag is coloured and not the one asked for',
    given: withIndex(text => text.replace('latest', '\\u001b[31mlatest\\u202e')),
    ends: 'image-not-found',
  },
  {
    name: 'five indexes within each other',
    given: withIndexes(new Array(5).fill((inner: Descriptor) => indexOf({ ...inner, ...linux }))),
    ends: 'image-invalid',
  },
  {
    name: 'an index that lists itself',
    given: withIndexes([inner => indexOf({ ...inner, ...linux, mediaType: INDEX })]),
    ends: 'image-invalid',
  },
  { name: 'an index without a manifest', given: withIndexes([() => indexOf()]), ends: 'distribution-unsupported' },
  {
    name: 'an index with 5,000 platforms',
    given: withIndexes([
      inner => indexOf(...Array.from({ length: 5000 }, (_, at) => ({ ...inner, platform: { os: 'linux', architecture: `a${at}` } }))),
    ]),
    ends: 'image-invalid',
  },
  {
    name: 'an index whose platform moves the cursor',
    given: withIndexes([inner => indexOf({ ...inner, platform: { os: 'linux', architecture: 'amd64', variant: '\u001b[9A\r\u202e' } })]),
    ends: 'fixed',
  },
  { name: 'a manifest with other bytes', given: withManifestFile(path => writeFileSync(path, '{}')), ends: 'image-digest-mismatch' },
  {
    name: 'a manifest that is a link out of the layout',
    given: withManifestFile((path, shop) => {
      renameSync(path, join(shop.root, 'outside'))
      symlinkSync(join(shop.root, 'outside'), path)
    }),
    ends: 'image-invalid',
  },
  {
    name: 'a manifest that is a folder',
    given: withManifestFile(path => {
      rmSync(path)
      mkdirSync(path)
    }),
    ends: 'image-invalid',
  },
  { name: 'a manifest that is cut off', given: withManifestFile(path => truncateSync(path, 40)), ends: 'image-digest-mismatch' },
  {
    name: 'a manifest with two configs',
    given: withTexts({ manifest: text => text.replace('"config"', '"config":{},"config"') }),
    ends: 'image-invalid',
  },
  {
    name: 'a manifest with 100,000 layers',
    given: withTexts({
      manifest: text => {
        const value = JSON.parse(text)
        return JSON.stringify({ ...value, layers: new Array(100_000).fill(value.layers[0]) })
      },
    }),
    ends: 'image-too-large',
  },
  {
    name: 'a manifest that says it is an index',
    given: withTexts({ manifest: text => text.replace('image.manifest.v1', 'image.index.v1') }),
    ends: 'image-invalid',
  },
  {
    name: 'a manifest whose config is of 1 GiB',
    given: withTexts({ manifest: text => text.replace(/("config":.*?"size":)\d+/, '$11073741824') }),
    ends: 'image-too-large',
  },
  { name: 'a config that is no JSON', given: withTexts({ config: () => 'rootfs' }), ends: 'image-invalid' },
  { name: 'a config nested 50,000 deep', given: withTexts({ config: text => text.replace('{', `{"x":${deep},`) }), ends: 'image-invalid' },
  {
    name: 'a config with two lists of layers',
    given: withTexts({ config: text => text.replace('"rootfs"', '"rootfs":{"type":"layers","diff_ids":[]},"rootfs"') }),
    ends: 'image-invalid',
  },
  {
    name: 'a config with a layer less',
    given: withTexts({ config: text => text.replace(/("diff_ids":\[)"[^"]+",/, '$1') }),
    ends: 'image-invalid',
  },
  {
    name: 'a config whose history steers the terminal',
    given: withTexts({ config: text => text.replace('step 1', '\\u001b[2J\\u001b]52;c;ZXZpbA==\\u0007\\nFixed 0 of 0') }),
    ends: 'fixed',
  },
  {
    name: 'an archive that names a file outside',
    given: withArchive(text => text.replace('config.json', '../../../etc/passwd')),
    ends: 'image-archive-invalid',
  },
  {
    name: 'an archive whose layer is a link out of it',
    given: withArchive(
      text => text.replace(/"Layers":\["[^"]+"/, '"Layers":["l.tar"'),
      [{ path: 'l.tar', type: 'symlink', target: '/etc/passwd' }],
    ),
    ends: 'image-archive-invalid',
  },
  {
    name: 'an archive whose layers are links in a circle',
    given: withArchive(
      text => text.replace(/"Layers":\["[^"]+"/, '"Layers":["a"'),
      [
        { path: 'a', type: 'symlink', target: 'b' },
        { path: 'b', type: 'symlink', target: 'a' },
      ],
    ),
    ends: 'image-archive-invalid',
  },
  { name: 'an archive that ends early', given: withArchive(unchanged, [], 1400), ends: 'image-archive-invalid' },
  {
    name: 'an archive with two lists of images',
    given: withArchive(unchanged, [{ path: 'manifest.json', content: '[]' }]),
    ends: 'image-archive-invalid',
  },
  {
    name: 'an archive with two images that are not told apart',
    given: withArchive(text => `[${text.slice(1, -1)},${text.slice(1, -1).replace('team/app', 'team/other')}]`),
    ends: 'image-not-found',
  },
  {
    name: 'an archive whose names steer the terminal',
    given: withArchive(text => text.replace('team/app:latest', '\\u001b[2Jx\\u202e:\\nlatest')),
    ends: 'fixed',
  },
  {
    name: 'an archive that is no archive',
    given: shop => [shop.advisories].map(path => `docker-archive:${path}`),
    ends: 'image-archive-invalid',
  },
  {
    name: 'a reference that steers the terminal',
    given: shop => [`oci:${join(shop.root, 'x')}:\u001b[2J\u202e`],
    ends: 'image-reference-invalid',
  },
])
