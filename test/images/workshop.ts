/** A folder to work in, a repository on loopback, an image and the command line or the engine over them, apart from this machine's own data. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { Engine, EngineWorld, FixRequest, FixResult, ImageRequest, ScanReport } from '../../src/cli/engine.ts'
import { openEngine } from '../../src/cli/open-engine.ts'
import { run } from '../../src/cli/run.ts'
import { key, NOW } from '../../src/ecosystems/deb/testing/apt-setting.ts'
import { makeRepository, type RepositoryFiles, type RepositorySpec } from '../../src/ecosystems/deb/testing/make-repository.ts'
import { type RepositoryServer, serveRepository } from '../../src/ecosystems/deb/testing/serve-repository.ts'
import { writeLayout } from '../../src/images/testing/layered-image.ts'
import type { MadeImage } from '../../src/images/testing/make-image.ts'
import { Fault, type FaultCode } from '../../src/model/faults.ts'
import { DEFAULT_POLICY, type Policy } from '../../src/model/policy.ts'
import { debianImage, type ImageSpec } from './image.ts'
import { RELEASED, recordsFor, SECURE } from './packages.ts'

export { key, NOW }

const released = await makeRepository({ suite: 'bookworm', packages: RELEASED, key })

export async function securitySuite(more: Partial<RepositorySpec> = {}): Promise<RepositoryFiles> {
  const suite = {
    suite: 'bookworm-security',
    label: 'Debian-Security',
    packages: SECURE,
    key,
    validUntil: new Date('2026-01-17T00:00:00Z'),
  }
  return makeRepository({ ...suite, ...more })
}
const secure = await securitySuite()

export const both = (security: RepositoryFiles = secure): RepositoryFiles => new Map([...released, ...security])

export interface Asked extends Partial<Omit<FixRequest, 'image' | 'policy'>> {
  readonly image?: Partial<ImageRequest>
  readonly policy?: Partial<Policy>
  readonly world?: Partial<EngineWorld>
}

export interface Ran {
  readonly out: string
  readonly err: string
  readonly code: number
}

export interface Workshop {
  readonly root: string
  readonly working: string
  readonly repository: RepositoryServer
  readonly advisories: string
  readonly environment: Readonly<Record<string, string>>
  /** What `debianImage` makes, over this repository. */
  image(spec?: Partial<ImageSpec>): MadeImage
  /** Writes the image as a layout and gives its reference. */
  layout(name: string, image?: MadeImage): string
  engine(world?: Partial<EngineWorld>): Promise<Engine>
  request(reference: string, asked?: Asked): FixRequest & { readonly image: ImageRequest }
  scan(reference: string, asked?: Asked): Promise<ScanReport>
  plan(reference: string, asked?: Asked): ReturnType<Engine['plan']>
  fix(reference: string, asked?: Asked): Promise<FixResult>
  cli(...words: readonly string[]): Promise<Ran>
  /** Done when the test ends. */
  after(act: () => Promise<void>): void
}

/** Closed when the test ends. */
export async function openWorkshop(context: Pick<TestContext, 'after'>, files: RepositoryFiles = both()): Promise<Workshop> {
  const root = mkdtempSync(join(tmpdir(), 'suture-images-'))
  const working = join(root, 'working')
  mkdirSync(working)
  const advisories = join(root, 'advisories.ndjson')
  writeFileSync(advisories, recordsFor())
  const repository = await serveRepository(files)
  context.after(async () => {
    await repository.close()
    rmSync(root, { recursive: true, force: true })
  })
  const environment = { HOME: join(root, 'home'), SUTURE_HOME: join(root, 'suture'), XDG_CACHE_HOME: join(root, 'cache'), PATH: '' }
  const engine = (world: Partial<EngineWorld> = {}) =>
    openEngine({ now: () => NOW, environment, workingFolder: working, toolVersion: '0.1.0', progress: () => undefined, ...world })
  const request: Workshop['request'] = (reference, { image = {}, policy = {}, world = {}, ...asked } = {}) => ({
    folder: world.workingFolder ?? working,
    policy: { ...DEFAULT_POLICY, ...policy },
    advisories,
    offline: false,
    only: [],
    budget: 'default',
    manifest: false,
    dryRun: false,
    native: false,
    commit: false,
    attach: false,
    ...asked,
    image: { reference, platforms: [], sources: [], update: [], allowScripts: [], insecure: false, ...image },
  })
  return {
    root,
    working,
    repository,
    advisories,
    environment,
    image: (spec = {}) => debianImage({ repository: repository.url, publicKey: key.publicKey, ...spec }),
    layout(name, image = debianImage({ repository: repository.url, publicKey: key.publicKey })) {
      writeLayout(join(root, name), image)
      return `oci:${join(root, name)}:latest`
    },
    engine,
    request,
    scan: async (reference, asked) => (await engine(asked?.world)).scan(request(reference, asked)),
    plan: async (reference, asked) => (await engine(asked?.world)).plan(request(reference, asked)),
    fix: async (reference, asked) => (await engine(asked?.world)).fix(request(reference, asked)),
    async cli(...words: readonly string[]) {
      const written = { out: '', err: '' }
      const stdout = {
        write: (text: string) => {
          written.out += text
        },
        columns: 200,
      }
      const stderr = {
        write: (text: string) => {
          written.err += text
        },
      }
      const world = { stdout, stderr, environment, workingFolder: working, now: () => NOW, toolVersion: '0.1.0', openEngine }
      const code = await run(world, words)
      return { ...written, code }
    },
    after: act => context.after(act),
  }
}

export async function faultOf(code: FaultCode, act: Promise<unknown>): Promise<Fault> {
  const fault = await act.then(
    () => assert.fail(`no fault, where ${code} was expected`),
    (cause: unknown) => cause,
  )
  assert.ok(fault instanceof Fault, fault instanceof Error ? (fault.stack ?? fault.message) : String(fault))
  assert.equal(fault.code, code, fault.message)
  return fault
}

/** Every file below a folder, to compare before with after. */
export function contentOf(folder: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const name of readdirSync(folder, { recursive: true }).map(String).sort()) {
    if (statSync(join(folder, name)).isFile()) found.set(name, readFileSync(join(folder, name)).toString('latin1'))
  }
  return found
}
