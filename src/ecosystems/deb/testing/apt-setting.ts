/** An image, a repository and an empty cache for tests of everything between them. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Fault, type FaultCode } from '../../../model/faults.ts'
import { type AptRequest, type OpenApt, openApt } from '../apt/open.ts'
import { readDebInventory } from '../inventory.ts'
import type { DebSpec } from './make-deb.ts'
import { makeKey, makeRepository, type RepositoryFiles, type RepositorySpec } from './make-repository.ts'
import { type MemoryEntry, memoryFiles } from './memory-files.ts'
import { type RepositoryServer, serveRepository } from './serve-repository.ts'

export const key = await makeKey()
export const other = await makeKey({ name: 'Other' })
export const NOW = new Date('2026-01-12T00:00:00Z')
export const KEYRING = 'usr/share/keyrings/debian-archive-keyring.asc'

export const OPENSSL: readonly DebSpec[] = [
  {
    control: { Package: 'libssl3', Source: 'openssl', Version: '3.0.11-1~deb12u2', 'Multi-Arch': 'same', Depends: 'libc6 (>= 2.34)' },
    files: [{ path: 'usr/lib/libssl.so.3', content: 'new' }],
  },
  { control: { Package: 'openssl', Version: '3.0.11-1~deb12u2', Depends: 'libssl3 (>= 3.0.9)', Provides: 'ssl-tool (= 3)' } },
]
export const MAIN: readonly DebSpec[] = [
  { control: { Package: 'libssl3', Source: 'openssl', Version: '3.0.9-1' } },
  { control: { Package: 'libc6', Source: 'glibc', Version: '2.36-9' } },
  { control: { Package: 'tzdata', Architecture: 'all', Version: '2024a-0' } },
]

export const security = (more: Partial<RepositorySpec> = {}): Promise<RepositoryFiles> =>
  makeRepository({
    suite: 'bookworm-security',
    label: 'Debian-Security',
    packages: OPENSSL,
    key,
    validUntil: new Date('2026-01-17T00:00:00Z'),
    ...more,
  })
export const main = (): Promise<RepositoryFiles> => makeRepository({ suite: 'bookworm', packages: MAIN, key })
export const both = async (more: Partial<RepositorySpec> = {}): Promise<RepositoryFiles> =>
  new Map([...(await main()), ...(await security(more))])

export interface Setting {
  readonly server: RepositoryServer
  readonly folder: string
  open(more?: Partial<AptRequest>, image?: Readonly<Record<string, MemoryEntry>>): Promise<OpenApt>
}

/** An image of bookworm with one old package, a server and an empty cache. */
export async function inSetting(files: RepositoryFiles, use: (setting: Setting) => Promise<void>): Promise<void> {
  const server = await serveRepository(files)
  const folder = await mkdtemp(join(tmpdir(), 'suture-apt-'))
  const opened: OpenApt[] = []
  const open: Setting['open'] = async (more = {}, image = {}) => {
    const tree = memoryFiles({
      'etc/os-release': 'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n',
      'var/lib/dpkg/status': 'Package: libssl3\nStatus: install ok installed\nVersion: 3.0.9-1\nArchitecture: amd64\nSource: openssl\n',
      'etc/apt/sources.list': `deb [signed-by=/${KEYRING}] ${server.url} bookworm main\ndeb [signed-by=/${KEYRING}] ${server.url} bookworm-security main\n`,
      [KEYRING]: key.publicKey,
      ...image,
    })
    const inventory = await readDebInventory(tree, 'test')
    assert.ok(inventory)
    const apt = await openApt({
      files: tree,
      release: inventory.release,
      database: inventory.database,
      now: () => NOW,
      environment: {},
      cacheFolder: join(folder, 'cache'),
      freshMs: 0,
      machineFolder: join(folder, 'machine'),
      machineKeyrings: [],
      sleep: async () => {},
      ...more,
    })
    opened.push(apt)
    return apt
  }
  try {
    await use({ server, folder, open })
  } finally {
    for (const apt of opened) await apt.close()
    await server.close()
    await rm(folder, { recursive: true, force: true })
  }
}

export async function faultsWith(code: FaultCode, act: () => Promise<unknown>): Promise<Fault> {
  const fault = await act().then(
    () => assert.fail(`no fault, where ${code} was expected`),
    (cause: unknown) => cause,
  )
  assert.ok(fault instanceof Fault, String(fault))
  assert.equal(fault.code, code, fault.message)
  return fault
}

/** Tries the security suite of a repository that is not as it should be. */
export async function refuses(
  code: FaultCode,
  files: RepositoryFiles,
  more: Partial<AptRequest> = {},
  image: Readonly<Record<string, MemoryEntry>> = {},
): Promise<Fault> {
  let fault: Fault | undefined
  await inSetting(files, async ({ open }) => {
    const apt = await open(more, image)
    fault = await faultsWith(code, () => apt.load(['libssl3'], 'security'))
  })
  assert.ok(fault)
  return fault
}

export const inRelease = 'dists/bookworm-security/InRelease'
