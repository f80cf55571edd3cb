/** Sentences about a lock that says something else than its manifests and entries ask for. */
import type { Gap } from './repair.ts'
import { resolve, type Tree, targetOf } from './tree.ts'

export interface OutOfStep {
  readonly tree: Tree
  readonly repaired: readonly Gap[]
  /** Needs that nothing serves, and that npm would fetch. */
  readonly left: readonly Gap[]
  /** Direct needs that are served out of range. */
  readonly outOfStep: readonly Gap[]
}

const MAX_NAMED = 3

export function stepNotes({ tree, repaired, left, outOfStep }: OutOfStep): readonly string[] {
  const notes: string[] = []
  if (repaired.length > 0)
    notes.push(`The lock lacked ${asked(repaired)}. npm ci refuses such a lock, so what was missing is added with the fix.`)
  if (left.length > 0)
    notes.push(`The lock lacks ${asked(left)}, so npm ci refuses it, with a fix or without; npm install --package-lock-only completes it.`)
  if (outOfStep.length > 0) {
    const served = outOfStep.map(({ node, need }) => {
      const at = resolve(tree, node.location, need.name)
      const to = at === undefined ? undefined : targetOf(tree, at)
      const owner = node.location === '' ? 'package.json' : `${node.location}/package.json`
      return `${owner} asks for ${need.name} ${need.range} and the lock has ${to?.version ?? 'none'}`
    })
    notes.push(`The lock is out of step with the project: ${listed(served)}. npm ci refuses it until npm install has been run.`)
  }
  return notes
}

function asked(gaps: readonly Gap[]): string {
  return listed([
    ...new Set(
      gaps.map(({ node, need }) => {
        const by =
          node.location === '' ? 'the project' : node.origin === 'workspace' ? node.location : `${node.packageName} ${node.version}`
        return `${need.name} ${need.range}, which ${by} asks for`
      }),
    ),
  ])
}

function listed(words: readonly string[]): string {
  const shown = words.slice(0, MAX_NAMED)
  return words.length > shown.length ? `${shown.join('; ')}; and ${words.length - shown.length} more` : shown.join('; ')
}
