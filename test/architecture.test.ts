import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { test } from 'node:test'

const root = join(import.meta.dirname, '..')
const RING_0 = ['model', 'versions', 'text', 'tar', 'concurrency']
const FRONT = ['cli']

interface Source {
  /** Relative to `src`, with `/`. */
  readonly path: string
  readonly text: string
}

const sources: readonly Source[] = globSync('src/**/*.ts', { cwd: root })
  .sort()
  .map(file => ({ path: relative('src', file).split(sep).join('/'), text: readFileSync(join(root, file), 'utf8') }))

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\b[^'"\n]*?(?:\n[^'"]*?)?from\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)|(?:^|\n)import\s*['"]([^'"]+)['"]/g

function importsOf({ path, text }: Source): { readonly raw: string; readonly target?: string }[] {
  return [...text.matchAll(IMPORT)].map(match => {
    const raw = match[1] ?? match[2] ?? match[3] ?? ''
    return raw.startsWith('.')
      ? {
          raw,
          target: relative('/src', resolve('/src', dirname(path), raw))
            .split(sep)
            .join('/'),
        }
      : { raw }
  })
}

/** A plug-in under `ecosystems` is a house of its own; every other folder of `src` is one. */
function houseOf(path: string): string {
  const [first = '', second = ''] = path.split('/')
  return first === 'ecosystems' ? `${first}/${second}` : first
}

/** Tests may also use what stands in `test/`. */
function crossing(allowed: (house: string, target: string) => boolean, from: (house: string) => boolean): string[] {
  return sources.flatMap(({ path, text }) => {
    const house = houseOf(path)
    if (!from(house)) return []
    const targets = importsOf({ path, text }).flatMap(({ target }) => target ?? [])
    const fine = (target: string) => allowed(house, houseOf(target)) || (path.endsWith('.test.ts') && target.startsWith('../test/'))
    return targets.filter(target => !fine(target)).map(target => `${path} imports ${target}`)
  })
}

const isRing0 = (house: string) => RING_0.includes(house)
const isFront = (house: string) => FRONT.includes(house)

test('model, versions and text import nothing but each other', () => {
  assert.deepEqual(
    crossing(
      (_, target) => isRing0(target),
      house => isRing0(house),
    ),
    [],
  )
})

test('stages and adapters import the inner ring and themselves, never each other', () => {
  assert.deepEqual(
    crossing(
      (house, target) => isRing0(target) || target === house,
      house => !isRing0(house) && !isFront(house),
    ),
    [],
  )
})

test('the inner ring touches neither files, network, clock nor chance', () => {
  const found = sources
    .filter(source => isRing0(houseOf(source.path)) && !source.path.endsWith('.test.ts'))
    .flatMap(source => {
      const modules = importsOf(source).filter(({ raw }) => /^node:(fs|http|https|net|child_process|os|dns|tls)\b/.test(raw))
      const calls = /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\bprocess\./.exec(source.text)
      return [...modules.map(({ raw }) => `${source.path} imports ${raw}`), ...(calls ? [`${source.path} uses ${calls[0]}`] : [])]
    })
  assert.deepEqual(found, [])
})

test('imports name the file, with its ending', () => {
  const found = sources.flatMap(source =>
    importsOf(source).flatMap(({ raw }) => (raw.startsWith('.') && !/\.(ts|json)$/.test(raw) ? [`${source.path}: ${raw}`] : [])),
  )
  assert.deepEqual(found, [])
})

test('no folder or file is named for being shared', () => {
  const vague = /(^|\/)(utils?|helpers?|common|core|shared|misc|lib|managers?|services?)(\/|\.ts$)/
  assert.deepEqual(
    sources.filter(({ path }) => vague.test(path)).map(({ path }) => path),
    [],
  )
})

test('no file holds two concepts: none is longer than 350 lines', () => {
  const files = globSync(['src/**/*.ts', 'test/**/*.ts', 'scripts/**/*.ts', 'bench/**/*.ts', '*.ts'], { cwd: root })
  const long = files.flatMap(file => {
    const lines = readFileSync(join(root, file), 'utf8').split('\n').length - 1
    return lines > 350 ? [`${file}: ${lines} lines`] : []
  })
  assert.deepEqual(long, [])
})

test('nothing is left unfinished, and no way out of the types is taken', () => {
  const words = /\b(TODO|FIXME|XXX|HACK)\b|not implemented|@ts-(ignore|nocheck|expect-error)|: any\b|\bas any\b|\bas unknown as\b|<any>/
  const found = sources.flatMap(({ path, text }) =>
    text.split('\n').flatMap((row, index) => (words.test(row) ? [`${path}:${index + 1}: ${row.trim()}`] : [])),
  )
  assert.deepEqual(found, [])
})
