import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { bar, table, wrapLine } from './layout.ts'
import { detectTerminal, displayWidth, line, render, sanitise, span } from './terminal.ts'

const PLAIN = { colour: false, unicode: true, width: 80, interactive: false }
const anyText = fc.string({
  unit: fc.oneof(
    fc.constantFrom('\u001b', '\u009b', '\u202e', '\u200b', '\n', '\ud800', '界', 'é', 'a', ' '),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  ),
  maxLength: 30,
})

test('no text can put anything but itself on the screen', () => {
  fc.assert(
    fc.property(anyText, text => {
      const out = render([line(text, span(text, 'high'))], PLAIN)
      assert.match(out, /^[^\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]*\n$/u)
      assert.equal(sanitise(sanitise(text)), sanitise(text))
    }),
  )
})

test('ordinary text is left alone', () => {
  for (const text of ['lodash@4.17.21', '@scope/näme', '日本語', '→ …']) assert.equal(sanitise(text), text)
})

test('colour follows the stream, NO_COLOR, FORCE_COLOR and TERM', () => {
  const colour = (isTTY: boolean, environment: Record<string, string>) => detectTerminal({ isTTY }, environment).colour
  assert.equal(colour(true, {}), true)
  assert.equal(colour(false, {}), false)
  assert.equal(colour(true, { TERM: 'dumb' }), false)
  assert.equal(colour(true, { NO_COLOR: '1' }), false)
  assert.equal(colour(false, { FORCE_COLOR: '1' }), true)
  assert.equal(colour(true, { FORCE_COLOR: '0' }), false)
  assert.equal(colour(true, { NO_COLOR: '1', FORCE_COLOR: '1' }), false)
  assert.equal(colour(true, { NO_COLOR: '' }), true)
})

test('where the locale has no Unicode, everything is ASCII and as wide as before', () => {
  const terminal = { ...PLAIN, ...detectTerminal({}, { LANG: 'C' }) }
  const lines = [line('a → b · 界 ', span(bar(0.5, 10), 'low'), ' ✓ ’')]
  assert.equal(render(lines, terminal), "a > b - ? ##### + '\n")
  assert.equal(detectTerminal({}, { LC_ALL: 'de_DE.UTF-8', LANG: 'C' }).unicode, true)
  assert.equal(detectTerminal({}, {}).unicode, true)
})

test('colour is only ever added: without the sequences the text is the same', () => {
  const lines = table(
    [
      [span('high', 'high'), 'x'],
      [span('low', 'low'), 'longer text'],
    ],
    [{}, { style: 'name' }],
    40,
  )
  assert.equal(render(lines, { ...PLAIN, colour: true }).replace(/\u001b\[[\d;]*m/g, ''), render(lines, PLAIN))
})

test('a table keeps its columns, fits the width, and drops nothing', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', '界', 'é'), minLength: 1, maxLength: 8 })
  const sentence = fc.array(word, { maxLength: 20 }).map(words => words.join(' '))
  fc.assert(
    fc.property(fc.array(fc.tuple(word, sentence), { minLength: 1, maxLength: 6 }), fc.integer({ min: 40, max: 120 }), (rows, width) => {
      const lines = table(rows, [{}, { wraps: true }], width)
      for (const row of render(lines, PLAIN).split('\n')) assert.ok(displayWidth(row) <= width)
      const letters = (text: string) => [...text.replace(/\s/g, '')].sort().join('')
      assert.equal(letters(render(lines, PLAIN)), letters(rows.flat().join('')))
    }),
  )
})

test('a last column that would be crushed goes below its row, whole', () => {
  const path = 'usr/local/lib/node_modules/npm/node_modules/minimist/package.json'
  const rows = [
    ['minimist', `layer 2 › ${path}`],
    ['qs', 'direct'],
  ]
  const texts = table(rows, [{}, { wraps: true }], 70).map(part =>
    part
      .map(({ text }) => text)
      .join('')
      .trimEnd(),
  )
  assert.deepEqual(texts, ['  minimist', '      layer 2 ›', `      ${path}`, '  qs        direct'])
})

test('a line breaks between words and keeps its styles', () => {
  const lines = wrapLine(line('one two ', span('three four', 'strong')), 9)
  assert.deepEqual(
    lines.map(row =>
      row
        .map(part => part.text)
        .join('')
        .trimEnd(),
    ),
    ['one two', 'three', 'four'],
  )
  assert.deepEqual(
    lines[2]?.map(part => part.style),
    ['strong'],
  )
})

test('widths count columns, not code units', () => {
  assert.equal(displayWidth('abc'), 3)
  assert.equal(displayWidth('日本'), 4)
  assert.equal(displayWidth('e\u0301'), 1)
  assert.equal(displayWidth('😀'), 2)
})
