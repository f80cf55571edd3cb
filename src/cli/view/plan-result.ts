import type { PlanResult } from '../engine.ts'
import type { Line } from '../terminal.ts'
import { basesView } from './bases.ts'
import { type PlanViewOptions, planView } from './plan.ts'

/** Every platform's plan, and newer bases beside the layer. */
export function planResultView({ plan, others, bases }: Omit<PlanResult, 'certificate'>, options: PlanViewOptions): Line[] {
  return [...[plan, ...others].flatMap(each => planView(each, options)), ...(bases === undefined ? [] : basesView(bases, options.width))]
}
