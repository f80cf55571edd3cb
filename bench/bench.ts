/**
 * npm run bench [-- <section> [arguments]]
 * All sections, or one: audit [folder of projects], synthetic, index, start, growth [folder of projects], images. Prints Markdown tables and
 * replaces the sections that ran in docs/benchmarks.md.
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { SECTIONS, type SectionName, writeSection } from './document.ts'

const RUNS: Readonly<Record<SectionName, (rest: readonly string[]) => Promise<string>>> = {
  audit: async rest => (await import('./audit-section.ts')).auditSection(rest),
  synthetic: async () => (await import('./synthetic-section.ts')).syntheticSection(),
  index: async () => (await import('./index-section.ts')).indexSection(),
  start: async () => (await import('./start.ts')).startSection(),
  growth: async rest => (await import('./growth-section.ts')).growthSection(rest),
  images: async () => (await import('./images-section.ts')).imagesSection(),
}

const isSection = (name: string): name is SectionName => SECTIONS.some(section => section === name)

const [asked, ...rest] = process.argv.slice(2)
if (asked !== undefined && !isSection(asked)) {
  process.stderr.write(`There is no benchmark ${asked}; there are ${SECTIONS.join(', ')}.\n`)
  process.exit(2)
}
const built = spawnSync(process.execPath, [join(import.meta.dirname, '../build.ts')], { stdio: ['ignore', 'ignore', 'inherit'] })
if (built.status !== 0) process.exit(3)
for (const name of asked === undefined ? SECTIONS : [asked]) {
  const body = await RUNS[name](asked === undefined ? [] : rest)
  process.stdout.write(`${body.trim()}\n\n`)
  // The page names no folder of one machine.
  const given = asked !== undefined && rest.length > 0 ? ' <folder of projects>' : ''
  writeSection(name, `npm run bench -- ${name}${given}`, body)
}
