/** Scans locks that are too large, one after the other. Run with a bound on its memory: `node --max-old-space-size=… scan-within.ts`. */
import { manifestWith } from './locks.ts'
import { hostileProject, outcomeOf, suture } from './run-suture.ts'

const HEAD = '{"name":"project","lockfileVersion":3,"packages":{"":{"name":"project"}'
const many = (count: number, entry: (at: number) => string): string => {
  const parts = new Array<string>(count)
  for (let at = 0; at < count; at++) parts[at] = entry(at)
  return parts.join(',')
}

export const SHAPES: Readonly<Record<string, { readonly make: () => string; readonly ends: string }>> = {
  'a million entries': {
    make: () => `${HEAD},${many(1_000_000, at => `"node_modules/p${at}":{"version":"1.0.0"}`)}}}`,
    ends: 'lockfile-too-large',
  },
  'a million entries, version 1': {
    make: () => `{"lockfileVersion":1,"dependencies":{${many(1_000_000, at => `"p${at}":{"version":"1.0.0"}`)}}}`,
    ends: 'lockfile-too-large',
  },
  'a million entries, spread out': {
    make: () =>
      `{"lockfileVersion":1,"dependencies":{${many(1_000, at => `"p${at}":{"version":"1.0.0","dependencies":{${many(1_000, inner => `"q${inner}":{"version":"1.0.0"}`)}}}`)}}}`,
    ends: 'lockfile-too-large',
  },
  '60,000 entries, spread out': {
    make: () =>
      `{"lockfileVersion":1,"dependencies":{${many(60, at => `"p${at}":{"version":"1.0.0","dependencies":{${many(1_000, inner => `"q${inner}":{"version":"1.0.0"}`)}}}`)}}}`,
    ends: 'lockfile-too-large',
  },
  '3.5 million values': {
    make: () => `{"lockfileVersion":3,"a":[${many(70, () => `[${many(50_000, () => '{}')}]`)}]}`,
    ends: 'lockfile-too-large',
  },
  'a million needs': {
    make: () => `${HEAD},${many(100, at => `"node_modules/p${at}":{"dependencies":{${many(10_000, need => `"n${need}":"*"`)}}}`)}}}`,
    ends: 'lockfile-too-large',
  },
  '8 MB of ranges': {
    make: () => `${HEAD},${many(80, at => `"node_modules/p${at}":{"dependencies":{"a":"${'1||'.repeat(33_000)}1"}}`)}}}`,
    ends: 'lockfile-too-large',
  },
  '100 MB of space': { make: () => `${HEAD}}}${' '.repeat(100_000_000)}`, ends: 'file-too-large' },
  '10 MB of lines, and no end': { make: () => `${HEAD}${'\n'.repeat(10_000_000)}`, ends: 'json-invalid' },
}

if (import.meta.main) {
  for (const [name, { make }] of Object.entries(SHAPES)) {
    using project = hostileProject({ 'package-lock.json': make(), 'package.json': manifestWith() })
    const code = outcomeOf(await suture(project, ['scan', '--offline']))
    process.stdout.write(`${JSON.stringify({ name, code })}\n`)
  }
}
