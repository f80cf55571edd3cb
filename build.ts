/**
 * Builds `dist/`: the whole command line in one file, with WebAssembly and data beside it, and the licences of what is inside.
 * The file is a launcher, in plain enough JavaScript for any Node.js to be told that it is too old, and the program, which the
 * launcher compiles when it needs it (see scripts/carried-program.ts).
 */
import { createHash } from 'node:crypto'
import { chmod, cp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { isBuiltin } from 'node:module'
import { join } from 'node:path'
import { type BuildOptions, type BuildResult, build, type Metafile, type Plugin } from 'esbuild'
import { wrap } from './scripts/program-comment.ts'

const root = import.meta.dirname
const out = join(root, 'dist')

/** Asked for by libraries only if present, for what Suture never does: text in other charsets, building native addons, colour in debug logs. */
const LEFT_OUT = ['iconv-lite', 'node-gyp/bin/node-gyp.js', 'supports-color']

/** Identifiers keep their names, so that a stack trace can be read. ASCII, so that the text is one byte a character for V8 too. */
const settings = {
  absWorkingDir: root,
  bundle: true,
  external: LEFT_OUT,
  platform: 'node',
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  charset: 'ascii',
  write: false,
  metafile: true,
  logLevel: 'warning',
} as const satisfies BuildOptions

const carriedProgram: Plugin = {
  name: 'carried-program',
  setup({ onResolve }) {
    onResolve({ filter: /\/run-process\.ts$/ }, () => ({ path: join(root, 'scripts/carried-program.ts') }))
  },
}

/** What zod says goes to no user, so it needs no other language. */
const oneLanguage: Plugin = {
  name: 'one-language',
  setup({ onLoad }) {
    onLoad({ filter: /\/zod\/v4\/locales\/index\.js$/ }, () => ({ contents: "export { default as en } from './en.js'" }))
  },
}

async function bundle(): Promise<Metafile[]> {
  const program = await build({
    ...settings,
    entryPoints: ['src/cli/run-process.ts'],
    format: 'cjs',
    target: 'node22.18',
    // A compiled function has no loader of its own; what it imports late is inside, or is one of Node's own modules.
    supported: { 'dynamic-import': false },
    plugins: [oneLanguage],
    banner: { js: "const __url = require('node:url').pathToFileURL(__filename).href" },
    define: { 'import.meta.url': '__url', 'import.meta.dirname': '__dirname', 'import.meta.filename': '__filename' },
  })
  const text = `(function (require, module, __filename, __dirname) {${textOf(program).trimEnd()}\n})`
  const launcher = await build({
    ...settings,
    entryPoints: ['src/cli/main.ts'],
    format: 'esm',
    target: 'node16',
    supported: { 'top-level-await': true },
    banner: { js: '#!/usr/bin/env node' },
    plugins: [carriedProgram],
    define: { PROGRAM_DIGEST: JSON.stringify(createHash('sha256').update(text).digest('hex')) },
  })
  const file = join(out, 'suture.js')
  await writeFile(file, textOf(launcher).trimEnd() + wrap(text), 'latin1')
  await chmod(file, 0o755)
  return [launcher.metafile, program.metafile]
}

function textOf(result: BuildResult<typeof settings>): string {
  return result.outputFiles.map(file => file.text).join('')
}

/** What is installed has no node_modules: everything but Node's own modules has to be inside. */
function assertComplete(metafiles: readonly Metafile[]): void {
  const outside = metafiles
    .flatMap(metafile => Object.values(metafile.outputs).flatMap(output => output.imports))
    .filter(({ external, path }) => external && !isBuiltin(path) && !LEFT_OUT.includes(path))
  if (outside.length > 0) throw new Error(`not bundled: ${outside.map(({ path }) => path).join(', ')}`)
}

/** WebAssembly of the solver, and the advisory snapshot with its notices. */
async function copyAssets(): Promise<void> {
  await cp(join(root, 'node_modules/cadical-wasm/dist/cadical.wasm'), join(out, 'cadical.wasm'))
  const data = join(root, 'data')
  for (const file of await readdir(data).catch(() => [])) {
    if (!file.endsWith('.ts')) await cp(join(data, file), join(out, file), { recursive: true })
  }
  await cp(join(root, 'LICENSE'), join(out, 'LICENSE'))
}

/** The folder of the package that a bundled file belongs to. */
function packageFolder(input: string): string | undefined {
  return /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0]
}

/** Name, version, licence and licence text of every bundled package. */
async function thirdPartyNotices(metafiles: readonly Metafile[]): Promise<string> {
  const outputs = metafiles.flatMap(metafile => Object.values(metafile.outputs))
  const inputs = outputs.flatMap(output => Object.entries(output.inputs))
  const bundled = inputs.filter(([, { bytesInOutput }]) => bytesInOutput > 0).flatMap(([input]) => packageFolder(input) ?? [])
  const folders = [...new Set([...bundled, 'node_modules/cadical-wasm'])].sort()
  const notices = await Promise.all(folders.map(folder => notice(join(root, folder))))
  return `Suture contains the packages below, each under its own licence.\n\n${notices.join('\n')}`
}

async function notice(folder: string): Promise<string> {
  const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))
  const files = (await readdir(folder)).filter(file => /^(licen[cs]e|copying|notice)/i.test(file)).sort()
  const texts = await Promise.all(files.map(file => readFile(join(folder, file), 'utf8')))
  return `${'-'.repeat(80)}\n${name} ${version} (${typeof license === 'string' ? license : 'see its text'})\n\n${texts.map(text => text.trim()).join('\n\n')}\n`
}

await rm(out, { recursive: true, force: true })
await mkdir(out, { recursive: true })
const metafiles = await bundle()
assertComplete(metafiles)
await copyAssets()
await writeFile(join(out, 'THIRD-PARTY.txt'), await thirdPartyNotices(metafiles))
for (const file of (await readdir(out)).sort()) {
  const { size } = await stat(join(out, file))
  console.log(`${(size / 1e6).toFixed(2).padStart(7)} MB  dist/${file}`)
}
