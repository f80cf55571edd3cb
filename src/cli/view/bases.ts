import type { BasePrices } from '../engine.ts'
import { EMPTY, heading, paragraph, table } from '../layout.ts'
import { type Line, line, span } from '../terminal.ts'
import { bytes, count } from '../words.ts'

/** The layer beside newer images, and which of them fixes more with less. */
export function basesView({ of, layer, newer, better, notes }: BasePrices, width: number): Line[] {
  const told = notes.flatMap(note => [EMPTY, ...paragraph(line(span('note: ', 'moderate'), note), width)])
  if (newer.length === 0) return told
  const rows = [
    [
      'this layer',
      `${count(layer.findingsLeft, 'finding')} left`,
      count(layer.packages, 'package'),
      layer.bytes === 0 ? '' : bytes(layer.bytes),
    ],
    ...newer.map(({ reference, findingsLeft, packages, layers, bytes: size, settings, release }) => {
      const beside = [packages.added > 0 ? `+${packages.added}` : '', packages.removed > 0 ? `−${packages.removed}` : ''].filter(
        part => part !== '',
      )
      const other = release === undefined ? '' : `; another release: ${release}`
      const differs = settings.length === 0 ? '' : `; other settings: ${settings.join(', ')}`
      return [
        shortReference(reference),
        `${count(findingsLeft, 'finding')} left`,
        `${count(packages.changed, 'package')}${beside.length === 0 ? '' : ` (${beside.join(' ')})`}`,
        `${bytes(size)} in ${count(layers, 'layer')}${other}${differs}`,
      ]
    }),
  ]
  const lines = [EMPTY, heading('Newer base'), ...table(rows, [{ style: 'name' }, {}, {}, { wraps: true, style: 'quiet' }], width)]
  return [...lines, EMPTY, ...verdict({ of, layer, newer, better }, width), ...told]
}

/** Which fixes more with less, in a sentence. */
function verdict({ of, layer, newer, better }: Omit<BasePrices, 'notes'>, width: number): Line[] {
  const best = newer.find(({ reference }) => reference === better)
  if (best !== undefined) {
    const more = best.riskLeft < layer.riskLeft ? 'more' : 'as much with fewer packages'
    return [line(`The newer base fixes ${more}: `, span(`FROM ${better}`, 'command'))]
  }
  const least = Math.min(...newer.filter(({ release }) => release === undefined).map(({ riskLeft }) => riskLeft))
  const name = shortReference(of)
  if (least === Number.POSITIVE_INFINITY)
    return paragraph(`What is newer than ${name} moves to another release of the distribution.`, width)
  return [
    line(
      least > layer.riskLeft
        ? `The layer fixes more than a newer ${name}.`
        : `The layer removes as much risk with no more than a newer ${name}.`,
    ),
  ]
}

/** Without its digest, which is in the line to copy. */
function shortReference(reference: string): string {
  return reference.replace(/@sha256:[0-9a-f]{64}$/, '')
}
