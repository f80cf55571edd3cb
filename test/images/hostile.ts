/** Hostile inputs told to the whole command line: what each must end in, and what must be as it was afterwards. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { RepositoryFiles } from '../../src/ecosystems/deb/testing/make-repository.ts'
import type { FaultCode } from '../../src/model/faults.ts'
import { outcomeOf } from '../hostile/run-suture.ts'
import { contentOf, openWorkshop, type Workshop } from './workshop.ts'

export interface HostileCase {
  /** Ends the sentence "given …". */
  readonly name: string
  /** What a fix ends in: a code; `fixed`: an image is written in spite of it; `untouched`: an answer, and nothing is written. */
  readonly ends: FaultCode | 'fixed' | 'untouched'
  /** What a scan ends in, where it is not the same: an answer where the archive of packages is what is hostile. */
  readonly scan?: FaultCode | 'answer'
  /** Files of the repository; the usual ones unless given. */
  readonly repository?: () => Promise<RepositoryFiles>
  /** Lays the input out and gives the words after the verb, the reference first. */
  readonly given: (shop: Workshop) => readonly string[] | Promise<readonly string[]>
  /** Further words for a fix: where it goes. */
  readonly output?: (shop: Workshop) => readonly string[]
  /** What else must hold; the text is all that both verbs printed. */
  readonly holds?: (shop: Workshop, printed: string) => unknown
}

/** One test for each: the code, nothing written, nothing left behind, and no text that steers a terminal. */
export function hostileTests(cases: readonly HostileCase[]): void {
  for (const one of cases) {
    test(`given ${one.name}: ${one.ends}`, async context => {
      const shop = await openWorkshop(context, ...(one.repository === undefined ? [] : [await one.repository()]))
      const given = await one.given(shop)
      const output = one.output?.(shop) ?? []
      const before = contentOf(shop.root)
      const scratch = mkdtempSync(join(tmpdir(), 'suture-scratch-'))
      context.after(() => rmSync(scratch, { recursive: true, force: true }))
      const printed: string[] = []
      const run = async (verb: 'scan' | 'fix') => {
        const usual = process.env['TMPDIR']
        process.env['TMPDIR'] = scratch
        try {
          const ran = await shop.cli(verb, ...given, ...(verb === 'fix' ? output : []), '--advisories', shop.advisories)
          printed.push(ran.out, ran.err)
          return outcomeOf(ran)
        } finally {
          if (usual === undefined) delete process.env['TMPDIR']
          else process.env['TMPDIR'] = usual
        }
      }
      const answers = one.ends === 'fixed' || one.ends === 'untouched'
      assert.equal((await run('scan')) ?? 'answer', one.scan ?? (answers ? 'answer' : one.ends))
      assertSame(shop, before)
      const fault = await run('fix')
      assert.equal(fault, answers ? undefined : one.ends)
      if (one.ends === 'fixed') assert.notDeepEqual(inputsIn(contentOf(shop.root)), inputsIn(before))
      else assertSame(shop, before)
      assert.deepEqual(readdirSync(scratch), [])
      await one.holds?.(shop, printed.join(''))
    })
  }
}

function assertSame(shop: Workshop, before: ReadonlyMap<string, string>): void {
  const now = inputsIn(contentOf(shop.root))
  const old = inputsIn(before)
  assert.deepEqual([...now.keys()], [...old.keys()])
  for (const [path, content] of old) assert.ok(now.get(path) === content, `${path} changed`)
}

/** All but what Suture keeps for itself. */
function inputsIn(content: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  return new Map([...content].filter(([path]) => !/^(suture|cache)\//.test(path)))
}

/** A folder of the workshop to lay something out in. */
export function folderIn(shop: Workshop, name: string): string {
  const folder = join(shop.root, name)
  mkdirSync(folder, { recursive: true })
  return folder
}
