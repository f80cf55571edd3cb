/** The tags of a repository, page by page. Source: OCI distribution specification, "Content discovery". */
import { Fault } from '../../model/faults.ts'
import { readJsonSource } from '../../text/json-source.ts'
import { collect } from '../verified-bytes.ts'
import type { RegistryClient } from './client.ts'

const MOST_PAGES = 32
const PAGE = 1000
const LARGEST_PAGE = 4 * 1024 * 1024
const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/

/** In the registry's order; what is no tag is left out. Empty where the registry does not list any. Faults: those of `client`. */
export async function listTags(client: RegistryClient): Promise<readonly string[]> {
  const found: string[] = []
  let path: string | URL | undefined = `tags/list?n=${PAGE}`
  for (let page = 0; path !== undefined && page < MOST_PAGES; page++) {
    const answer = await client.call({ method: 'GET', path, expect: [200, 401, 403, 404, 405] })
    if (answer.status !== 200) {
      await answer.discard()
      return found
    }
    const text = (await collect(answer.body, LARGEST_PAGE, `The tags from ${client.place.host}`)).toString()
    const root = readJson(text, client.place.host)
    const tags = root.kind === 'object' ? root.get('tags') : undefined
    for (const item of tags?.kind === 'array' ? tags.items : []) if (item.kind === 'string' && TAG.test(item.value)) found.push(item.value)
    const next = /<([^>]+)>\s*;\s*rel="?next"?/.exec(answer.header('link') ?? '')?.[1]
    path = next === undefined ? undefined : client.resolve(next)
  }
  return found
}

function readJson(text: string, host: string) {
  try {
    return readJsonSource(text, { maxDepth: 8, maxNodes: 100_000 })
  } catch (cause) {
    throw new Fault('image-registry-invalid', `${host} answered with tags that cannot be read.`, { cause })
  }
}
