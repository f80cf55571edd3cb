import assert from 'node:assert/strict'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import type { FaultCode } from '../../model/faults.ts'
import type { ImageSource } from '../../model/image.ts'
import { OCI_INDEX, OCI_MANIFEST } from '../media-types.ts'
import { makeImage, wholeOf } from '../testing/make-image.ts'
import { collect } from '../verified-bytes.ts'
import { wholeImage } from '../whole-image.ts'
import { registrySink } from './sink.ts'
import { registrySource } from './source.ts'
import { registryReference, testAccess } from './testing/access.ts'
import type { TestRegistry } from './testing/registry-server.ts'
import { end, startRegistry } from './testing/registry-server.ts'

const MADE = makeImage()
const SECRET = { kind: 'password', username: 'someone', password: 'secret' } as const

type Intercept = (request: IncomingMessage, response: ServerResponse, server: TestRegistry) => boolean

/** A registry that holds one image as `team/name:v1` and then misbehaves. */
async function hostile(context: TestContext, intercept: Intercept) {
  let on = false
  const server = await startRegistry({ intercept: (...all) => on && intercept(...all) })
  const access = testAccess(async () => SECRET)
  context.after(async () => {
    await access.transport.close()
    await server.close()
  })
  const reference = registryReference(`${server.host}/team/name:v1`)
  const place = { host: server.host, repository: 'team/name', insecure: false }
  const sink = registrySink(access, reference, place)
  await sink.write(wholeOf(MADE))
  on = true
  return { server, access, sink, source: registrySource(access, reference, [{ ...place, mirror: false, pulls: 'all' }]) }
}

/** Answers what the address ends with. */
function answer(part: string, status: number, headers: Record<string, string> = {}, content: string | Buffer = ''): Intercept {
  return (request, response) => {
    if (request.url?.includes(part) !== true) return false
    end(response, status, headers, content)
    return true
  }
}

const MANIFESTS = '/manifests/v1'
const BLOBS = '/blobs/'
const layer = MADE.image.layers[0]?.descriptor ?? MADE.image.config.descriptor
const readLayer = async (source: ImageSource) => await collect(source.blob(layer), 1e8, 'it')
const readAll = async (source: ImageSource) => await wholeImage(source)
const TYPED = { 'content-type': OCI_MANIFEST }
const text = Buffer.from(MADE.image.manifest.bytes).toString()

const rows: readonly [name: string, intercept: Intercept, act: (source: ImageSource) => Promise<unknown>, code: FaultCode][] = [
  ['a manifest of 9 MiB', answer(MANIFESTS, 200, TYPED, Buffer.alloc(9 * 1024 * 1024, 0x20)), readAll, 'image-too-large'],
  [
    'a manifest that is not what its header says',
    answer(MANIFESTS, 200, { ...TYPED, 'docker-content-digest': `sha256:${'0'.repeat(64)}` }, text),
    readAll,
    'image-digest-mismatch',
  ],
  ['a manifest that is no JSON', answer(MANIFESTS, 200, TYPED, '<html>'), readAll, 'image-invalid'],
  [
    'a manifest that is nested without end',
    answer(MANIFESTS, 200, TYPED, `${'['.repeat(9999)}${']'.repeat(9999)}`),
    readAll,
    'image-invalid',
  ],
  [
    'an index that says it is a manifest',
    answer(MANIFESTS, 200, TYPED, `{"mediaType":"${OCI_INDEX}","manifests":[]}`),
    readAll,
    'image-invalid',
  ],
  ['a manifest with two lists of layers', answer(MANIFESTS, 200, TYPED, text.replace('{', '{"layers":[],')), readAll, 'image-invalid'],
  [
    'a layer whose digest is a path',
    answer(MANIFESTS, 200, TYPED, text.replace(layer.digest, 'sha256:../../../etc/passwd')),
    readAll,
    'image-invalid',
  ],
  [
    'a config that is said to have 1 GiB',
    answer(MANIFESTS, 200, TYPED, text.replace(`"size":${MADE.image.config.bytes.length}`, '"size":1073741824')),
    readAll,
    'image-too-large',
  ],
  [
    'an old manifest that is signed and not read',
    answer(
      MANIFESTS,
      200,
      { 'content-type': 'application/vnd.docker.distribution.manifest.v1+prettyjws' },
      '{"schemaVersion":1,"mediaType":"application/vnd.docker.distribution.manifest.v1+prettyjws"}',
    ),
    readAll,
    'image-invalid',
  ],
  ['a layer with other bytes', answer(BLOBS, 200, {}, Buffer.alloc(layer.size)), readLayer, 'image-digest-mismatch'],
  ['a layer that is longer than it should be', answer(BLOBS, 200, {}, Buffer.alloc(layer.size + 5000)), readLayer, 'image-digest-mismatch'],
  ['a layer that never comes whole', answer(BLOBS, 200, {}, Buffer.alloc(3)), readLayer, 'image-digest-mismatch'],
  ['a layer that is not there', answer(BLOBS, 404), readLayer, 'image-not-found'],
  ['a redirect without end', answer(BLOBS, 307, { location: `/v2/team/name/blobs/${layer.digest}` }), readLayer, 'image-registry-invalid'],
  ['a redirect to a file', answer(BLOBS, 307, { location: 'file:///etc/passwd' }), readLayer, 'image-registry-invalid'],
  ['a redirect to nowhere', answer(BLOBS, 307), readLayer, 'image-registry-invalid'],
  [
    'a redirect with a name and password of its own',
    answer(BLOBS, 307, { location: 'https://a:b@blobs.example/x' }),
    readLayer,
    'image-registry-invalid',
  ],
  [
    'a refusal that wants to colour the screen',
    answer(MANIFESTS, 403, {}, '{"errors":[{"code":"DENIED","message":"\\u001b[2Jgone"}]}'),
    readAll,
    'image-registry-refused',
  ],
  [
    'a login at a file',
    answer(MANIFESTS, 401, { 'www-authenticate': 'Bearer realm="file:///etc/passwd"' }),
    readAll,
    'image-registry-invalid',
  ],
  [
    'a login without encryption',
    answer(MANIFESTS, 401, { 'www-authenticate': 'Bearer realm="http://login.example/token"' }),
    readAll,
    'image-registry-invalid',
  ],
  [
    'a login with a name of its own',
    answer(MANIFESTS, 401, { 'www-authenticate': 'Bearer realm="https://a@login.example/token"' }),
    readAll,
    'image-registry-invalid',
  ],
  ['a login of a kind that is not known', answer(MANIFESTS, 401, { 'www-authenticate': 'Negotiate' }), readAll, 'image-registry-refused'],
  ['a login that never ends', answer(MANIFESTS, 401, { 'www-authenticate': 'Basic realm="x"' }), readAll, 'image-registry-refused'],
  ['an error without end', answer(MANIFESTS, 500, {}, Buffer.alloc(100_000, 0x61)), readAll, 'image-registry-unreachable'],
]

for (const [name, intercept, act, code] of rows) {
  test(`${name} is refused`, async context => {
    const { source } = await hostile(context, intercept)
    await assert.rejects(act(source), (cause: Error & { code?: unknown }) => {
      assert.equal(cause.code, code, cause.message)
      assert.ok(!cause.message.includes('\u001b'), cause.message)
      assert.ok(!cause.message.includes('secret'), cause.message)
      return true
    })
  })
}

test('a name and password go to the registry, and never along with a redirect', async context => {
  const other = await startRegistry({
    intercept: (_, response) => end(response, 200, {}, Buffer.from(MADE.blobs.get(layer.digest) ?? '')) !== undefined,
  })
  context.after(() => other.close())
  const { source, server } = await hostile(context, (request, response) => {
    if (request.headers.authorization === undefined) return end(response, 401, { 'www-authenticate': 'Basic realm="x"' }) !== undefined
    if (request.url?.includes(BLOBS) !== true) return false
    return end(response, 307, { location: `http://${other.host}/elsewhere` }) !== undefined
  })
  await readLayer(source)
  assert.ok(server.authorizations.some(value => value?.startsWith('Basic ')))
  assert.deepEqual(other.requests, ['GET /elsewhere'])
  assert.deepEqual(other.authorizations, [undefined])
})

test('a token that holds a line break is none', async context => {
  const { source, server } = await hostile(context, (request, response) => {
    if (request.url?.startsWith('/token') === true) return end(response, 200, {}, '{"token":"a\\r\\nx: y"}') !== undefined
    return end(response, 401, { 'www-authenticate': `Bearer realm="http://${server.host}/token"` }) !== undefined
  })
  await assert.rejects(readAll(source), { code: 'image-registry-invalid' })
})

test('an upload that is sent elsewhere takes no name and password along', async context => {
  const other = await startRegistry({ intercept: (_, response) => end(response, 403) !== undefined })
  context.after(() => other.close())
  const { sink } = await hostile(context, (request, response) => {
    if (request.headers.authorization === undefined) return end(response, 401, { 'www-authenticate': 'Basic realm="x"' }) !== undefined
    if (request.method !== 'POST') return false
    return end(response, 202, { location: `http://${other.host}/v2/x/blobs/uploads/1` }) !== undefined
  })
  await assert.rejects(sink.write(wholeOf(makeImage({ layers: ['new'] }))), { code: 'image-registry-refused' })
  assert.ok(other.requests.length > 0)
  assert.ok(other.authorizations.every(value => value === undefined))
})

test('a registry that took something else is not believed', async context => {
  const { sink } = await hostile(context, (request, response) => {
    if (request.method !== 'PUT' || request.url?.includes('uploads') !== true) return false
    return end(response, 201, { 'docker-content-digest': `sha256:${'1'.repeat(64)}` }) !== undefined
  })
  await assert.rejects(sink.write(wholeOf(makeImage({ layers: ['new'] }))), { code: 'image-push-failed' })
})

test('a registry on this machine that wants TLS is told of by its certificate and not by what it says to plain HTTP', async context => {
  const { source } = await hostile(context, (_, response) => end(response, 400, {}, 'This port speaks TLS.') !== undefined)
  await assert.rejects(readAll(source), { code: 'image-registry-unreachable', message: /cannot be trusted/ })
})
