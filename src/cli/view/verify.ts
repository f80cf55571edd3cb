import type { VerifyResult } from '../engine.ts'
import { EMPTY, table } from '../layout.ts'
import { type Line, line, type Span, span } from '../terminal.ts'

const MARKS: Record<VerifyResult['checks'][number]['result'], Span> = {
  passed: span('✓ passed', 'good'),
  failed: span('✗ failed', 'critical'),
  skipped: span('○ skipped', 'moderate'),
}

/** Whether the same inputs give the same image, check by check. */
export function verifyView({ receipt, reference, checks, signature }: VerifyResult, width: number): Line[] {
  const failed = checks.filter(({ result }) => result === 'failed').length
  const head =
    failed === 0
      ? line(span(`✓ ${reference} is what the receipt says`, 'good'))
      : line(span(`✗ ${reference} is not what the receipt says`, 'critical'))
  const rows = checks.map(({ check, result, detail }) => [MARKS[result], check, detail])
  return [
    head,
    EMPTY,
    ...table(rows, [{}, {}, { wraps: true, style: 'quiet' }], width),
    EMPTY,
    line(span(`Receipt ${receipt} · signature: ${signature}`, 'quiet')),
  ]
}
