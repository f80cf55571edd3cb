import type { Progress } from './engine.ts'
import { bar } from './layout.ts'
import type { OutputStream } from './shell.ts'
import { line, render, span, type Terminal } from './terminal.ts'

/** Nothing is drawn for what is over sooner. */
const PATIENCE = 1000
const FRAME = 100

export interface ProgressDisplay {
  readonly report: (progress: Progress) => void
  readonly clear: () => void
}

/** One line on stderr that is redrawn in place; without a terminal nothing is drawn. */
export function createProgress(stream: OutputStream, terminal: Terminal | undefined): ProgressDisplay {
  if (terminal === undefined) return { report: () => {}, clear: () => {} }
  let latest: Progress | undefined
  let drawn = false
  const draw = () => {
    if (latest === undefined) return
    stream.write(`\r\u001b[2K${progressText(latest, terminal)}`)
    drawn = true
  }
  let frames: NodeJS.Timeout | undefined
  const patience = setTimeout(() => {
    draw()
    frames = setInterval(draw, FRAME)
    frames.unref()
  }, PATIENCE)
  patience.unref()
  return {
    report(progress) {
      latest = progress
    },
    clear() {
      clearTimeout(patience)
      clearInterval(frames)
      if (drawn) stream.write('\r\u001b[2K')
      drawn = false
      latest = undefined
    },
  }
}

export function progressText({ doing, done, total, unit }: Progress, terminal: Terminal): string {
  const amount = (number: number) => (unit === 'bytes' ? `${(number / 1e6).toFixed(1)}` : String(number))
  const suffix = unit === 'bytes' ? ' MB' : ''
  const spans = [span(doing, 'strong')]
  if (total !== undefined && total > 0) {
    const share = Math.min((done ?? 0) / total, 1)
    spans.push(
      span(`  ${bar(share, 20).padEnd(20, terminal.unicode ? '·' : '.')}`, 'low'),
      span(`  ${amount(done ?? 0)}/${amount(total)}${suffix}`),
    )
  } else if (done !== undefined) {
    spans.push(span(`  ${amount(done)}${suffix}`))
  } else {
    spans.push(span(' …'))
  }
  return render([line(...spans)], terminal).trimEnd()
}
