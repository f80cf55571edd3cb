import type { BasePrices } from '../engine.ts'
import { EMPTY, heading, table } from '../layout.ts'
import { type Line, line, span } from '../terminal.ts'
import { bytes, count } from '../words.ts'

/** The layer beside newer images, and which of them fixes more with less. */
export function basesView({ of, layer, newer, better }: BasePrices, width: number): Line[] {
  const rows = [
    [
      'this layer',
      `${count(layer.findingsLeft, 'finding')} left`,
      count(layer.packages, 'package'),
      layer.bytes === 0 ? '' : bytes(layer.bytes),
    ],
    ...newer.map(({ reference, findingsLeft, packages, layers, bytes: size, settings }) => {
      const beside = [packages.added > 0 ? `+${packages.added}` : '', packages.removed > 0 ? `−${packages.removed}` : ''].filter(
        part => part !== '',
      )
      const differs = settings.length === 0 ? '' : `; other settings: ${settings.join(', ')}`
      return [
        shortReference(reference),
        `${count(findingsLeft, 'finding')} left`,
        `${count(packages.changed, 'package')}${beside.length === 0 ? '' : ` (${beside.join(' ')})`}`,
        `${bytes(size)} in ${count(layers, 'layer')}${differs}`,
      ]
    }),
  ]
  const lines = [EMPTY, heading('Newer base'), ...table(rows, [{ style: 'name' }, {}, {}, { wraps: true, style: 'quiet' }], width)]
  if (better === 'layer') return [...lines, EMPTY, line(`The layer fixes as much with less than a newer ${shortReference(of)}.`)]
  const best = newer.find(({ reference }) => reference === better)
  const more = best !== undefined && best.riskLeft < layer.riskLeft ? 'more' : 'as much with fewer packages'
  return [...lines, EMPTY, line(`The newer base fixes ${more}: `, span(`FROM ${better}`, 'command'))]
}

/** Without its digest, which is in the line to copy. */
function shortReference(reference: string): string {
  return reference.replace(/@sha256:[0-9a-f]{64}$/, '')
}
