/** Registries that lie, lead elsewhere or do not stop, asked for an image or given one. */
import assert from 'node:assert/strict'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { end, type TestRegistry } from '../../src/images/registry/testing/registry-server.ts'
import { digestOf } from '../../src/images/verified-bytes.ts'
import { type HostileCase, hostileTests } from './hostile.ts'
import { REPOSITORY, registryWith } from './places.ts'
import type { Workshop } from './workshop.ts'

const EVIL = '\u001b[2J\u001b]0;x\u0007\u202e'
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
const TYPED = { 'content-type': MANIFEST }

type Intercept = (request: IncomingMessage, response: ServerResponse, server: TestRegistry) => boolean

const registries = new WeakMap<Workshop, TestRegistry>()
const kept = (shop: Workshop): TestRegistry => {
  const registry = registries.get(shop)
  assert.ok(registry)
  return registry
}

async function misbehaving(shop: Workshop, intercept: Intercept): Promise<TestRegistry> {
  const registry = await registryWith(shop.image(), { intercept })
  shop.after(() => registry.close())
  registries.set(shop, registry)
  return registry
}

/** Answers requests of a method for addresses with this part. */
function answer(
  method: string,
  part: string | RegExp,
  status: number,
  headers: Record<string, string> = {},
  content: string | Buffer = '',
): Intercept {
  return (request, response) => {
    if (request.method !== method || !new RegExp(part).test(request.url ?? '')) return false
    // A registry that falters is asked again; nobody waits here.
    end(response, status, { 'retry-after': '0', ...headers }, content)
    return true
  }
}

/** The image is in the registry and would go to a folder. */
const pull = (name: string, intercept: Intercept, ends: HostileCase['ends']): HostileCase => ({
  name,
  given: async shop => [`${(await misbehaving(shop, intercept)).host}/${REPOSITORY}:latest`],
  output: shop => ['--output', `oci:${join(shop.root, 'patched')}:latest`],
  ends,
})

/** The image is in a folder and would go to the registry, whose tag must point to what it pointed to, all of it there. */
const push = (name: string, intercept: Intercept, ends: HostileCase['ends'], more: Partial<HostileCase> = {}): HostileCase => ({
  name,
  async given(shop) {
    await misbehaving(shop, intercept)
    return [shop.layout('image')]
  },
  output: shop => ['--output', `${kept(shop).host}/${REPOSITORY}:latest`],
  scan: 'answer',
  ends,
  holds(shop) {
    const { manifests, blobs } = kept(shop)
    const tagged = manifests.get(`${REPOSITORY} latest`)?.bytes ?? Buffer.of()
    assert.equal(digestOf(tagged), shop.image().image.manifest.descriptor.digest)
    for (const { descriptor } of shop.image().image.layers) assert.ok(blobs.has(`${REPOSITORY} ${descriptor.digest}`))
  },
  ...more,
})

const gets = (part: string | RegExp, status: number, headers: Record<string, string> = {}, content: string | Buffer = '') =>
  answer('GET', part, status, headers, content)

/** A body that does not stop. */
const endless =
  (part: string, headers: Record<string, string>): Intercept =>
  (request, response) => {
    if (request.method !== 'GET' || request.url?.includes(part) !== true) return false
    response.writeHead(200, headers)
    const chunk = Buffer.alloc(2 ** 20, ' ')
    const more = (): void => {
      while (response.writable && response.write(chunk));
    }
    response.on('drain', more)
    more()
    return true
  }

hostileTests([
  pull('a registry whose manifest does not stop', endless('/manifests/', TYPED), 'image-too-large'),
  pull('a registry whose layers do not stop', endless('/blobs/', {}), 'image-too-large'),
  pull(
    'a registry whose manifest is not what its header says',
    gets('/manifests/latest', 200, { ...TYPED, 'docker-content-digest': `sha256:${'0'.repeat(64)}` }, '{}'),
    'image-digest-mismatch',
  ),
  pull(
    'a registry that answers with a page for people',
    gets('/manifests/', 200, { 'content-type': 'text/html' }, '<html>'),
    'image-invalid',
  ),
  pull('a registry whose manifest is JSON without end', gets('/manifests/', 200, TYPED, '['.repeat(100_000)), 'image-invalid'),
  pull('a registry that gives other bytes for a blob', gets('/blobs/', 200, {}, Buffer.alloc(100)), 'image-digest-mismatch'),
  pull('a registry that has lost its blobs', gets('/blobs/', 404), 'image-not-found'),
  pull(
    'a registry that sends us in circles',
    (request, response) => {
      if (request.url?.includes('/blobs/') !== true) return false
      end(response, 307, { location: request.url })
      return true
    },
    'image-registry-invalid',
  ),
  pull(
    'a registry that sends us to this machine’s files',
    gets('/blobs/', 307, { location: 'file:///etc/passwd' }),
    'image-registry-invalid',
  ),
  pull(
    'a registry that wants the password told to another',
    gets('/manifests/', 401, { 'www-authenticate': 'Bearer realm="http://elsewhere.example/token"' }),
    'image-registry-invalid',
  ),
  pull(
    'a registry whose refusal steers the terminal',
    gets('/manifests/', 403, {}, `{"errors":[{"code":"DENIED${EVIL}","message":"${EVIL}\r\nFixed 3 of 3"}]}`),
    'image-registry-refused',
  ),
  pull(
    'a registry whose every answer is an error of 1 MiB',
    gets('/manifests/', 500, {}, Buffer.alloc(2 ** 20, 'a')),
    'image-registry-unreachable',
  ),
  push(
    'a registry that refuses the push in colours',
    answer('POST', '/uploads/', 403, {}, `{"errors":[{"code":"DENIED","message":"${EVIL}"}]}`),
    'image-registry-refused',
  ),
  push(
    'a registry that wants the upload written to a file',
    answer('POST', '/uploads/', 202, { location: 'file:///etc/passwd' }),
    'image-push-failed',
  ),
  push('a registry that says nowhere where the upload goes', answer('POST', '/uploads/', 202), 'image-push-failed'),
  push(
    'a registry that says it took something else',
    answer('PUT', '/uploads/', 201, { 'docker-content-digest': `sha256:${'1'.repeat(64)}` }),
    'image-push-failed',
  ),
  push(
    'a registry that takes no manifest',
    answer('PUT', '/manifests/', 400, {}, '{"errors":[{"code":"MANIFEST_INVALID"}]}'),
    'image-registry-refused',
  ),
  push('a registry that fails at the tag', answer('PUT', '/manifests/latest', 500), 'image-push-failed'),
  push(
    'a registry that says all blobs are there, and has none of them',
    (request, response) => {
      if (request.method !== 'HEAD' || request.url?.includes('/blobs/') !== true) return false
      end(response, 200)
      return true
    },
    'image-push-failed',
  ),
])
