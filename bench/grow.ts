/** Synthetic projects that differ in size only: how do time and memory grow with the number of lock entries? */
import { STANDARD, type SyntheticSize } from './synthetic.ts'

/** Sizes that give about so many lock entries. */
export const GROWTH: readonly { readonly entries: number; readonly size: SyntheticSize }[] = [300, 1000, 3000].map(entries => {
  const share = entries / 1300
  const scaled = (count: number): number => Math.max(1, Math.round(count * share))
  return {
    entries,
    size: {
      ...STANDARD,
      packages: scaled(STANDARD.packages),
      roots: scaled(STANDARD.roots),
      vulnerable: scaled(STANDARD.vulnerable),
      decoys: scaled(STANDARD.decoys),
    },
  }
})
