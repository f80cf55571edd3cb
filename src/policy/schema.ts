import * as z from 'zod'
import { DEFAULT_WEIGHTS } from '../model/policy.ts'

/** The form of `suture.yaml`. The editor's JSON Schema and the reference page are generated from it, so every key says what it does. */

const name = z.string().min(1).max(214)
const weight = z.number().int().min(0).max(1_000_000)

const calendarDay = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}$/, 'must be a day such as 2027-01-31')
  .refine(isRealDay, 'is not a day of the calendar')

function isRealDay(text: string): boolean {
  const time = Date.parse(`${text}T00:00:00Z`)
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text)
}

const weightOf = (severity: keyof typeof DEFAULT_WEIGHTS) =>
  weight.optional().describe(`Weight of one ${severity} finding; ${DEFAULT_WEIGHTS[severity]} unless given.`)

const ignoreRule = z
  .strictObject({
    advisory: z.string().min(1).max(200).describe('An advisory id or any of its aliases.'),
    package: name.optional().describe('Only in this package; in every package unless given.'),
    reason: z.string().trim().min(1).max(1000).describe('Why it does not matter here. Printed wherever the finding is.'),
    expires: calendarDay.optional().describe('The last day on which the rule holds, such as 2027-01-31.'),
  })
  .describe('One finding that is known and accepted.')

export const policySchema = z.strictObject({
  threshold: z
    .enum(['critical', 'high', 'moderate', 'low'])
    .optional()
    .describe('The lowest severity that counts; `low` unless given. Findings without a score always count.'),
  weights: z
    .strictObject({
      critical: weightOf('critical'),
      high: weightOf('high'),
      moderate: weightOf('moderate'),
      low: weightOf('low'),
      unscored: weightOf('unscored'),
    })
    .optional()
    .describe('How much one finding of each severity weighs in the risk that a plan brings down.'),
  ignore: z.array(ignoreRule).max(10_000).optional().describe('Findings that are known and accepted. They are shown, and weigh nothing.'),
  coolDown: z
    .strictObject({
      days: z
        .number()
        .int()
        .min(0)
        .max(3650)
        .optional()
        .describe('Days that must have passed since a version was published before it may come in; 0 (off) unless given.'),
      exceptSecurity: z
        .boolean()
        .optional()
        .describe('A version that removes a finding may be younger; the exception is written into plan and receipt. True unless given.'),
    })
    .optional()
    .describe('Keeps versions out that nobody has had time to look at.'),
  hold: z.array(name).max(10_000).optional().describe('Packages that must not change at all.'),
  pin: z
    .record(name, z.string().min(1).max(500))
    .optional()
    .describe(
      'Package → range that every version of it in the result has to satisfy, unless it is there already. Of Debian packages: `>= 1.2, << 2`, a version, or its beginning: `5.10*`.',
    ),
  node: z
    .string()
    .min(1)
    .max(500)
    .optional()
    .describe('The Node.js range that the project runs on, where it differs from `engines` in package.json.'),
  aptSources: z
    .array(z.string().min(1).max(10_000))
    .max(100)
    .optional()
    .describe('Apt sources, each a line or a stanza, for container images that name none themselves.'),
})

export type PolicyFile = z.infer<typeof policySchema>
