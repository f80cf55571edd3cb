import type { CurvePoint, Plan } from '../../model/plan.ts'
import { bar, EMPTY, heading, table } from '../layout.ts'
import { type Line, line, span } from '../terminal.ts'

const MOST_ROWS = 10

/** The Pareto front as a chart: what each further new version buys. Where it has many points, the ends and the knee are always among those shown. */
export function priceList(plan: Plan, width: number): Line[] {
  const { curve, knee } = plan
  const highest = Math.max(...curve.map(point => point.riskLeft), 1)
  if (curve.length < 2) return []
  const shown = sample(curve, knee)
  const barWidth = Math.max(Math.min(width - 60, 30), 8)
  const rows = shown.map(index => {
    const point = curve[index]
    if (point === undefined) return []
    return [
      String(point.newVersions),
      line(span(bar(point.riskLeft / highest, barWidth), 'moderate')),
      String(point.riskLeft),
      String(point.findingsLeft),
      line(...remarks(plan, point, index)),
    ]
  })
  const titles = ['new versions', 'risk left', '', 'findings left', ''].map(title => span(title, 'quiet'))
  const columns = [{ align: 'right' }, {}, { align: 'right' }, { align: 'right' }, { wraps: true }] as const
  return [
    EMPTY,
    heading('Price list', 'each row is the least risk that so many new versions can leave'),
    ...table([titles, ...rows], columns, width),
  ]
}

function remarks(plan: Plan, point: CurvePoint, index: number) {
  const spans = []
  if (point.newVersions === plan.objective.newVersions && point.riskLeft === plan.objective.riskLeft)
    spans.push(span('◂ this plan', 'good'))
  if (index === plan.knee) spans.push(span(`${spans.length > 0 ? ' ' : ''}◂ knee: `), span('--budget knee', 'command'))
  if (index === plan.curve.length - 1) spans.push(span(`${spans.length > 0 ? '  ' : ''}`), span('--budget all', 'command'))
  return spans
}

/** Indices to show: all, or evenly spread ones with both ends and the knee. */
function sample(curve: readonly CurvePoint[], knee: number): number[] {
  const last = curve.length - 1
  if (last < MOST_ROWS) return curve.map((_, index) => index)
  const indices = new Set([0, knee, last])
  for (let step = 1; indices.size < MOST_ROWS && step < MOST_ROWS; step++) indices.add(Math.round((step * last) / (MOST_ROWS - 1)))
  return [...indices].sort((a, b) => a - b)
}
