import assert from 'node:assert/strict'
import { test } from 'node:test'
import { build } from 'esbuild'
import fc from 'fast-check'
import { type CvssVersion, scoreOfVector } from './cvss.ts'

test('scores are those of the specifications’ and the national database’s published examples', () => {
  const rows: [CvssVersion, string, number | undefined][] = [
    [2, 'AV:N/AC:L/Au:N/C:N/I:N/A:C', 78],
    [2, 'AV:N/AC:L/Au:N/C:C/I:C/A:C', 100],
    [2, 'AV:L/AC:H/Au:N/C:C/I:C/A:C', 62],
    [2, 'AV:N/AC:M/Au:N/C:N/I:P/A:N/E:POC/RL:OF/RC:C', 43],
    [3, 'CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:U/C:N/I:L/A:N', 43],
    [3, 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H', 100],
    [3, 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', 98],
    [3, 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N', 0],
    [3, 'CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:C/C:H/I:N/A:N', 61],
    [4, 'CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N', 93],
    [4, 'CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H', 100],
    [4, 'CVSS:4.0/AV:L/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N', 73],
    [4, 'CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:N/SC:N/SI:N/SA:N', 0],
    [3, 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H', undefined],
    [3, 'CVSS:3.2/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', undefined],
    [3, 'CVSS:3.1/AV:N/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', undefined],
    [4, 'CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:S/SA:N', undefined],
    [2, '', undefined],
    [2, 'AV:__proto__/AC:L/Au:N/C:N/I:N/A:C', undefined],
  ]
  for (const [version, vector, score] of rows) assert.equal(scoreOfVector(version, vector), score, vector)
})

test('scores agree with an independent implementation on random vectors', async () => {
  const oracle = await independentImplementation()
  const vectorOf = (prefix: string, metrics: Record<string, string>, optional: Record<string, string> = {}) =>
    fc
      .tuple(
        fc.tuple(...Object.entries(metrics).map(([name, values]) => fc.constantFrom(...values).map(value => `${name}:${value}`))),
        fc.tuple(
          ...Object.entries(optional).map(([name, values]) =>
            fc.option(
              fc.constantFrom(...values).map(value => `${name}:${value}`),
              { nil: '' },
            ),
          ),
        ),
      )
      .map(([base, more]) => prefix + [...base, ...more.filter(part => part !== '')].join('/'))
  const second = vectorOf('', { AV: 'LAN', AC: 'LMH', Au: 'MSN', C: 'NPC', I: 'NPC', A: 'NPC' })
  const third = vectorOf('CVSS:3.1/', { AV: 'NALP', AC: 'LH', PR: 'NLH', UI: 'NR', S: 'UC', C: 'HLN', I: 'HLN', A: 'HLN' })
  const fourth = vectorOf(
    'CVSS:4.0/',
    { AV: 'NALP', AC: 'LH', AT: 'NP', PR: 'NLH', UI: 'NPA', VC: 'HLN', VI: 'HLN', VA: 'HLN', SC: 'HLN', SI: 'HLN', SA: 'HLN' },
    { E: 'XAPU', CR: 'XHML', IR: 'XHML', AR: 'XHML', MAV: 'XNALP', MVC: 'XHLN', MSI: 'XSHLN', MSA: 'XSHLN' },
  )
  fc.assert(fc.property(second, vector => assert.equal(scoreOfVector(2, vector), oracle(2, vector))))
  fc.assert(fc.property(third, vector => assert.equal(scoreOfVector(3, vector), oracle(3, vector))))
  // The two round halves differently (the specification's own calculator adds a hair first): one tenth apart at most.
  fc.assert(fc.property(fourth, vector => assert.ok(Math.abs((scoreOfVector(4, vector) ?? -9) - oracle(4, vector)) <= 1, vector)))
})

/** The library's modules lack file extensions, so that Node.js cannot load them: bundle them first. */
async function independentImplementation(): Promise<(version: CvssVersion, vector: string) => number> {
  const source = `import { CVSS20, CVSS31, CVSS40 } from '@pandatix/js-cvss'
export const score = (version, vector) => Math.round(10 * (version === 2 ? new CVSS20(vector).BaseScore() : version === 3 ? new CVSS31(vector).BaseScore() : new CVSS40(vector).Score()))`
  const bundled = await build({
    stdin: { contents: source, resolveDir: import.meta.dirname },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
  })
  const module: { score: (version: CvssVersion, vector: string) => number } = await import(
    `data:text/javascript,${encodeURIComponent(bundled.outputFiles[0]?.text ?? '')}`
  )
  return module.score
}
