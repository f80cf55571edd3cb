/**
 * Stands in `dist/suture.js` where the sources import `run-process.ts`. V8 parses a whole file before it runs the first statement,
 * about 30 ms for each megabyte on a slow machine. So the program travels in a comment at the end of the file, is passed over at the
 * speed of a scan when only the version is asked for, and is compiled when it is wanted. Names and lines in stack traces stay those
 * of the file.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import vm from 'node:vm'
import type * as program from '../src/cli/run-process.ts'
import { CLOSING, OPENING, unwrap } from './program-comment.ts'

const file = fileURLToPath(import.meta.url)
const text = readFileSync(file, 'latin1')
const start = text.lastIndexOf(OPENING) + OPENING.length

const load = vm.compileFunction(unwrap(text.slice(start, text.lastIndexOf(CLOSING))), ['require', 'module', '__filename', '__dirname'], {
  filename: file,
  lineOffset: text.slice(0, start).split('\n').length - 1,
})
const module: { exports: Partial<typeof program> } = { exports: {} }
load(createRequire(import.meta.url), module, file, dirname(file))

export async function runProcess(...parameters: Parameters<typeof program.runProcess>): Promise<void> {
  await module.exports.runProcess?.(...parameters)
}
