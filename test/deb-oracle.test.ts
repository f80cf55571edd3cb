import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { bestOf, costsOfMoves, isValid } from './deb/every-plan.ts'
import { type DebCase, planned, type Words } from './deb/made-world.ts'

/** Up to five installed packages with up to two newer versions each, needs with alternatives, exact siblings, Breaks, one virtual package, two new ones. */
function makeCase(seed: number, mainToo: boolean): DebCase {
  let state = seed
  const below = (bound: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff
    return (state >>> 8) % bound
  }
  const count = 2 + below(4)
  const installed: Record<string, Words> = {}
  const security: Record<string, Words> = {}
  const main: Record<string, Words> = {}
  const relation = (own: number): string => {
    const other = (own + 1 + below(count - 1)) % count
    return `p${other}${['', ` (= ${1 + below(3)})`, ` (>= ${1 + below(3)})`, ` (<< ${2 + below(2)})`][below(4)]}`
  }
  const need = (own: number, isNew: boolean): string => {
    if (isNew && below(5) === 0) return ['n0', 'n1 | n0', 'n1 (>= 2)', `n0 | ${relation(own)}`][below(4)] ?? ''
    if (below(8) === 0) return 'virtual'
    return below(4) === 0 ? `${relation(own)} | ${relation(own)}` : relation(own)
  }
  const words = (own: number, isNew: boolean): Words => ({
    depends: Array.from({ length: below(3) }, () => need(own, isNew)).join(', '),
    breaks: below(isNew ? 4 : 8) === 0 ? relation(own) : '',
    provides: below(6) === 0 ? 'virtual' : '',
  })
  for (let at = 0; at < count; at++) {
    installed[`p${at} 1`] = words(at, false)
    for (let version = 2; version < 2 + below(3); version++)
      (mainToo && below(2) === 0 ? main : security)[`p${at} ${version}`] = words(at, true)
  }
  ;(mainToo ? main : security)['n0 1'] = { depends: below(2) === 0 ? 'n1' : '' }
  ;(mainToo ? main : security)['n1 2'] = { breaks: below(3) === 0 ? `p${below(count)} (<< 2)` : '' }
  const flawed = new Set(Array.from({ length: 1 + below(4) }, () => `p${below(count)} ${1 + below(2)}`))
  return { installed, security, main, flaws: (source, version) => (flawed.has(`${source} ${version}`) ? ['CVE-1'] : []) }
}

const seeds = fc.integer({ min: 1, max: 2 ** 31 - 1 })

test('on random small images the plan is allowed and costs what trying every set of versions finds', async () => {
  await fc.assert(
    fc.asyncProperty(seeds, async seed => {
      const of = makeCase(seed, false)
      const { moves, proposal } = await planned(of)
      assert.deepEqual(proposal.realised.defects, [])
      assert.ok(isValid(of, moves), `not allowed: ${moves.join('; ')}`)
      assert.deepEqual(costsOfMoves(of, moves), bestOf(of).costs)
    }),
    { numRuns: 400 },
  )
})

test('with versions in two suites the plan is allowed and leaves as little risk as any', async () => {
  await fc.assert(
    fc.asyncProperty(seeds, async seed => {
      const of = makeCase(seed, true)
      const { moves } = await planned(of)
      assert.ok(isValid(of, moves), `not allowed: ${moves.join('; ')}`)
      assert.equal(costsOfMoves(of, moves)[0], bestOf(of).costs[0])
    }),
    { numRuns: 400 },
  )
})
