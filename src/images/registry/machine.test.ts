import assert from 'node:assert/strict'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { parseReference, printReference } from '../reference.ts'
import { makeImage, wholeOf } from '../testing/make-image.ts'
import { certificatesFrom } from './certificates.ts'
import { readChallenge } from './challenge.ts'
import { locationsOf, readConfiguration } from './configuration.ts'
import { credentialsFrom } from './credentials.ts'
import { isLoopback, isPrivateTo } from './hosts.ts'
import { openRegistries } from './open.ts'
import { registryReference } from './testing/access.ts'
import { startRegistry } from './testing/registry-server.ts'
import { networkTransport } from './transport.ts'

async function machine(context: TestContext, files: Readonly<Record<string, string>> = {}): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'suture-machine-'))
  context.after(() => rm(root, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true })
    await writeFile(join(root, name), text)
    if (text.startsWith('#!')) await chmod(join(root, name), 0o755)
  }
  return root
}

const CONF = `
unqualified-search-registries = ["registry.example"]
[[registry]]
prefix = "registry.example/team"
location = "inner.example:5000/copies"
insecure = true
[[registry.mirror]]
location = "mirror.example/cache"
[[registry.mirror]]
location = "pinned.example"
pull-from-mirror = "digest-only"
[[registry]]
prefix = "*.blocked.example"
blocked = true
`

test('registries.conf says where names lead, and daemon.json what it leaves open', async context => {
  const root = await machine(context, {
    'etc/containers/registries.conf': CONF,
    'etc/containers/registries.conf.d/1.conf': '[aliases]\n"short" = "registry.example/team/short"\n',
    'etc/docker/daemon.json': '{"insecure-registries":["old.example:5000"],"registry-mirrors":["http://hub.example/x/"]}',
  })
  const configuration = await readConfiguration({}, root, join(root, 'etc'))
  assert.equal(printReference(parseReference('short:1', configuration)), 'registry.example/team/short:1')
  assert.equal(printReference(parseReference('other:1', configuration)), 'registry.example/other:1')
  const places = (text: string) =>
    locationsOf(configuration, registryReference(text)).map(
      place => `${place.host}/${place.repository}${place.insecure ? ' insecure' : ''}`,
    )
  assert.deepEqual(places('registry.example/team/a/b:1'), ['mirror.example/cache/a/b', 'inner.example:5000/copies/a/b insecure'])
  const digest = `sha256:${'0'.repeat(64)}`
  assert.deepEqual(places(`registry.example/team/a@${digest}`), [
    'mirror.example/cache/a',
    'pinned.example/a',
    'inner.example:5000/copies/a insecure',
  ])
  assert.deepEqual(places('registry.example/teams/a:1'), ['hub.example/x/teams/a insecure', 'registry.example/teams/a'])
  assert.deepEqual(places('old.example:5000/a'), ['old.example:5000/a insecure'])
  assert.deepEqual(places('else.example/a'), ['else.example/a'])
  assert.throws(() => places('x.blocked.example/a'), { code: 'image-registry-refused' })
})

test('the user’s registries.conf takes the machine’s place, and a broken one is told', async context => {
  const root = await machine(context, {
    'etc/containers/registries.conf': CONF,
    '.config/containers/registries.conf': 'unqualified-search-registries = ["mine.example"]\n[x.__proto__]\na = 1\n',
    'broken.conf': 'x = [',
  })
  assert.deepEqual((await readConfiguration({}, root, join(root, 'etc'))).searched, ['mine.example'])
  const named = { CONTAINERS_REGISTRIES_CONF: join(root, 'broken.conf') }
  await assert.rejects(readConfiguration(named, root, join(root, 'etc')), { code: 'image-registry-config' })
  assert.deepEqual((await readConfiguration({}, join(root, 'nowhere'), join(root, 'nothing'))).searched, [])
})

const auth = (text: string): string => Buffer.from(text).toString('base64')

test('credentials come from auths, helpers and stores, the longest path first', async context => {
  const root = await machine(context, {
    '.docker/config.json': JSON.stringify({
      auths: {
        'registry.example': { auth: auth('a:b:c') },
        'registry.example/team': { auth: auth('team:x') },
        'https://old.example/v1/': { username: 'u', password: 'p' },
        'token.example': { auth: auth('x:'), identitytoken: 'idt' },
        'broken.example': { auth: auth('nothing') },
      },
      credHelpers: {
        'helped.example': 'good',
        'bad.example': 'bad',
        'noisy.example': 'noisy',
        'evil.example': '../x',
        'gone.example': 'gone',
      },
      credsStore: 'store',
    }),
    'bin/docker-credential-good': '#!/bin/sh\nread host\necho "{\\"Username\\":\\"helper\\",\\"Secret\\":\\"$host\\"}"\n',
    'bin/docker-credential-bad': '#!/bin/sh\necho "secret thing"\n',
    'bin/docker-credential-noisy': '#!/bin/sh\nyes\n',
    'bin/docker-credential-store': '#!/bin/sh\necho "credentials not found in native keychain"\nexit 1\n',
  })
  const environment = { PATH: [join(root, 'bin'), process.env['PATH'] ?? ''].join(delimiter) }
  const find = credentialsFrom({ environment, home: root })
  assert.deepEqual(await find('registry.example', 'x'), { kind: 'password', username: 'a', password: 'b:c' })
  assert.deepEqual(await find('registry.example', 'team/x'), { kind: 'password', username: 'team', password: 'x' })
  assert.deepEqual(await find('registry.example', 'teams'), { kind: 'password', username: 'a', password: 'b:c' })
  assert.deepEqual(await find('old.example', 'x'), { kind: 'password', username: 'u', password: 'p' })
  assert.deepEqual(await find('token.example', 'x'), { kind: 'identity', token: 'idt' })
  assert.deepEqual(await find('helped.example', 'x'), { kind: 'password', username: 'helper', password: 'helped.example' })
  assert.equal(await find('unknown.example', 'x'), undefined)
  assert.equal(await find('__proto__', 'x'), undefined)
  for (const host of ['broken.example', 'bad.example', 'noisy.example', 'evil.example', 'gone.example']) {
    await assert.rejects(
      find(host, 'x'),
      (cause: Error & { code?: unknown }) => cause.code === 'image-credentials' && !cause.message.includes('secret'),
    )
  }
  const named = await machine(context, {
    'auth.json': JSON.stringify({ auths: { 'registry.example': { auth: auth('pod:man') } } }),
    'broken.json': '{',
  })
  const podman = credentialsFrom({ environment: { REGISTRY_AUTH_FILE: join(named, 'auth.json') }, home: root })
  assert.deepEqual(await podman('registry.example', 'x'), { kind: 'password', username: 'pod', password: 'man' })
  const broken = credentialsFrom({ environment: { REGISTRY_AUTH_FILE: join(named, 'broken.json') }, home: root })
  await assert.rejects(broken('registry.example', 'x'), { code: 'image-registry-config' })
})

test('certificates stand in the host’s folder, and a host’s name leads nowhere else', async context => {
  const root = await machine(context, {
    'certs.d/registry.example:5000/ca.crt': 'CA',
    'certs.d/registry.example:5000/client.cert': 'CERT',
    'certs.d/registry.example:5000/client.key': 'KEY',
    'own.pem': 'OWN',
    'secret.crt': 'SECRET',
  })
  const certificates = certificatesFrom({ SSL_CERT_FILE: join(root, 'own.pem') }, [join(root, 'certs.d'), join(root, 'missing')])
  assert.deepEqual(await certificates('registry.example:5000'), { ca: ['OWN', 'CA'], cert: 'CERT', key: 'KEY' })
  assert.deepEqual(await certificates('..'), { ca: ['OWN'] })
  assert.deepEqual(await certificates('other.example'), { ca: ['OWN'] })
  await assert.rejects(certificatesFrom({ SSL_CERT_FILE: join(root, 'missing') }, [])('x.example'), { code: 'image-registry-config' })
})

test('challenges are read as they come', () => {
  const bearer = { scheme: 'bearer', realm: 'https://a.example/t', service: 's', scope: 'repository:x:pull,push' }
  assert.deepEqual(readChallenge('Bearer realm="https://a.example/t",service="s",scope="repository:x:pull,push"'), bearer)
  assert.deepEqual(readChallenge('Basic realm="x", Bearer realm="https://a.example/t", service=s, scope="repository:x:pull,push"'), bearer)
  assert.deepEqual(readChallenge('BASIC realm="a \\"quoted\\" one"'), { scheme: 'basic' })
  for (const header of [undefined, '', 'Negotiate', 'Bearer', 'Bearer service="x"', '"""', '='.repeat(100), 'a'.repeat(9000)])
    assert.equal(readChallenge(header), undefined)
})

test('what is this machine, and what is not', () => {
  for (const name of ['localhost', '127.0.0.1', '127.9.9.9', '[::1]', 'a.localhost']) assert.ok(isLoopback(name), name)
  for (const name of ['127.0.0.1.example', 'localhost.example', '128.0.0.1', 'registry.example']) assert.ok(!isLoopback(name), name)
  for (const name of ['127.0.0.1', '169.254.169.254', '[::1]', '[fe80::1]', '[::ffff:127.0.0.1]', '0.0.0.0'])
    assert.ok(isPrivateTo(name, 'registry.example:443'), name)
  assert.ok(!isPrivateTo('127.0.0.1', '127.0.0.1:5000'))
})

test('all that the machine says is put together, and a proxy of the environment is used', async context => {
  const server = await startRegistry()
  context.after(() => server.close())
  const seen: string[] = []
  const proxy = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`)
    response.writeHead(502).end()
  }).on('connect', (request, socket) => {
    seen.push(`CONNECT ${request.url}`)
    socket.end('HTTP/1.1 502 no\r\n\r\n')
  })
  await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve))
  context.after(() => proxy.close())
  const address = proxy.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const root = await machine(context)
  const environment = { HTTPS_PROXY: `http://127.0.0.1:${port}`, NO_PROXY: '127.0.0.1' }
  const registries = await openRegistries({ environment, home: root, etc: root })
  context.after(() => registries.close())
  const transport = networkTransport({ environment, certificates: async () => ({ ca: [] }) })
  context.after(() => transport.close())
  await assert.rejects(transport.send({ method: 'GET', url: new URL('https://registry.example/v2/'), headers: {}, insecure: false }))
  assert.deepEqual(seen.splice(0), ['CONNECT registry.example:443'])
  await registries.sink(registryReference(`${server.host}/a:1`)).write(wholeOf(makeImage()))
  assert.deepEqual(seen, [])
  assert.equal(
    (await registries.source(registryReference(`${server.host}/a:1`)).root()).descriptor.digest,
    makeImage().image.manifest.descriptor.digest,
  )
})

test('a registry elsewhere is never spoken to without encryption unless that is asked for', async () => {
  const seen: string[] = []
  const access = {
    transport: {
      send: async ({ url }: { url: URL }) => {
        seen.push(url.protocol)
        throw Object.assign(new Error('no'), { code: 'ECONNREFUSED' })
      },
      close: async () => undefined,
    },
    credentials: async () => undefined,
    sleep: async () => undefined,
  }
  const { registrySource } = await import('./source.ts')
  const reference = registryReference('registry.example/a:1')
  const location = { host: 'registry.example', repository: 'a', mirror: false, pulls: 'all' } as const
  await assert.rejects(registrySource(access, reference, [{ ...location, insecure: false }]).root(), { code: 'image-registry-unreachable' })
  assert.deepEqual([...new Set(seen)], ['https:'])
  await assert.rejects(registrySource(access, reference, [{ ...location, insecure: true }]).root(), { code: 'image-registry-unreachable' })
  assert.deepEqual([...new Set(seen)], ['https:', 'http:'])
})
