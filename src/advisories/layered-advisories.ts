/**
 * Two databases as one: the first answers for every ecosystem that it holds, the second for those that it does not. Fetching one
 * ecosystem's records must not make another's packages look clean.
 */
import { createHash } from 'node:crypto'
import type { AdvisoryDatabase, AdvisoryDatabaseStatus, AdvisoryDetail, AdvisoryMatch } from '../model/advisory.ts'

/** The ecosystem without its release: `Debian` of `Debian:12`. */
const family = (ecosystem: string): string => ecosystem.split(':', 1)[0] ?? ecosystem

export function holds({ status }: Pick<AdvisoryDatabase, 'status'>, ecosystem: string): boolean {
  return status.ecosystems.some(other => family(other) === family(ecosystem))
}

/** The first alone, where the second has nothing to add. */
export function layered(first: AdvisoryDatabase, second: AdvisoryDatabase): AdvisoryDatabase {
  const added = second.status.ecosystems.filter(ecosystem => !holds(first, ecosystem))
  return added.length === 0 ? first : new LayeredAdvisories(first, second, added)
}

class LayeredAdvisories implements AdvisoryDatabase {
  readonly status: AdvisoryDatabaseStatus
  readonly #first: AdvisoryDatabase
  readonly #second: AdvisoryDatabase

  constructor(first: AdvisoryDatabase, second: AdvisoryDatabase, added: readonly string[]) {
    this.#first = first
    this.#second = second
    const [a, b] = [first.status, second.status]
    this.status = {
      ...a,
      source: `${a.source}; for other ecosystems: ${b.source}, up to ${b.newest.slice(0, 10)}`,
      hash: createHash('sha256').update(`${a.hash}\n${b.hash}\n`).digest('hex'),
      advisories: a.advisories + b.advisories,
      packages: a.packages + b.packages,
      ecosystems: [...a.ecosystems, ...added].sort(),
    }
  }

  knows(ecosystem: string, name: string): boolean {
    return this.#for(ecosystem).knows(ecosystem, name)
  }

  match(ecosystem: string, name: string, version: string): readonly AdvisoryMatch[] {
    return this.#for(ecosystem).match(ecosystem, name, version)
  }

  detail(id: string): AdvisoryDetail | undefined {
    return this.#first.detail(id) ?? this.#second.detail(id)
  }

  group(id: string): string | undefined {
    return this.#first.group(id) ?? this.#second.group(id)
  }

  #for(ecosystem: string): AdvisoryDatabase {
    return holds(this.#first, ecosystem) ? this.#first : this.#second
  }
}
