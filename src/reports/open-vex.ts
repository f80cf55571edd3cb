/** OpenVEX 0.2.0: which known flaws a patched image no longer has, for scanners that would report them again from package versions alone. */
import { byText, imagePurl, imageSha256, printJson, type ReportedImage, type ReportOrigin, uuidOf } from './reported-image.ts'

/** One flaw that a patch took away: an advisory group, and the packages as they are now. */
export interface FixedFlaw {
  /** All names of it. */
  readonly ids: readonly string[]
  /** Package URLs of the fixed versions, as a bill of materials has them. */
  readonly purls: readonly string[]
}

export interface VexInput extends ReportOrigin {
  /** One for each platform that was patched. */
  readonly images: readonly { readonly image: ReportedImage; readonly fixed: readonly FixedFlaw[] }[]
}

export const VEX_CONTEXT = 'https://openvex.dev/ns/v0.2.0'

interface Statement {
  readonly aliases: Set<string>
  /** By the image's digest. */
  readonly products: Map<string, { readonly image: ReportedImage; readonly purls: Set<string> }>
}

/** Undefined where nothing was fixed: a document without statements says nothing. */
export function openVex({ images, toolVersion, timestamp }: VexInput): string | undefined {
  const statements = statementsOf(images)
  if (statements.size === 0) return undefined
  const content = {
    author: 'Suture',
    role: 'Document Creator',
    timestamp,
    version: 1,
    tooling: `suture ${toolVersion}`,
    statements: [...statements].sort(([a], [b]) => byText(a, b)).map(([name, statement]) => printStatement(name, statement)),
  }
  return printJson({ '@context': VEX_CONTEXT, '@id': `urn:uuid:${uuidOf(content)}`, ...content })
}

function statementsOf(images: VexInput['images']): ReadonlyMap<string, Statement> {
  const statements = new Map<string, Statement>()
  for (const { image, fixed } of images) {
    for (const { ids, purls } of fixed) {
      for (const { name, aliases } of namesOf(ids)) {
        const statement = statements.get(name) ?? { aliases: new Set<string>(), products: new Map() }
        statements.set(name, statement)
        for (const alias of aliases) statement.aliases.add(alias)
        const product = statement.products.get(image.digest) ?? { image, purls: new Set<string>() }
        statement.products.set(image.digest, product)
        for (const purl of purls) product.purls.add(purl)
      }
    }
  }
  return statements
}

/**
 * A CVE is the name that every scanner knows; distributions put their own in front of it (`DEBIAN-CVE-2024-1234`). Several CVEs in one group
 * are flaws of their own, which one advisory speaks of.
 */
function namesOf(ids: readonly string[]): readonly { readonly name: string; readonly aliases: readonly string[] }[] {
  const cves = [...new Set(ids.flatMap(id => cveIn(id) ?? []))]
  const others = ids.filter(id => !cves.includes(id))
  const [first] = ids.toSorted(byText)
  if (cves.length === 0) return first === undefined ? [] : [{ name: first, aliases: ids.filter(id => id !== first) }]
  const isOf = (id: string, cve: string) => !cves.some(other => other !== cve && id.endsWith(`-${other}`))
  return cves.map(name => ({ name, aliases: others.filter(id => isOf(id, name)) }))
}

/** The CVE that an id is a name of: itself, or what a distribution put its own name in front of. */
export function cveIn(id: string): string | undefined {
  return /(?:^|-)(CVE-\d{4}-\d{4,})$/.exec(id)?.[1]
}

function printStatement(name: string, { aliases, products }: Statement): object {
  return {
    vulnerability: aliases.size === 0 ? { name } : { name, aliases: [...aliases].sort(byText) },
    products: [...products.values()].map(({ image, purls }) => printProduct(image, purls)).sort((a, b) => byText(a['@id'], b['@id'])),
    status: 'fixed',
  }
}

function printProduct(image: ReportedImage, purls: ReadonlySet<string>) {
  const purl = imagePurl(image)
  return {
    '@id': purl,
    identifiers: { purl },
    hashes: { 'sha-256': imageSha256(image) },
    subcomponents: [...purls].sort(byText).map(part => ({ '@id': part, identifiers: { purl: comparable(part) } })),
  }
}

/** Without the qualifiers that each scanner spells in its own way (`distro=debian-12`, `debian-12.4`, `upstream=…`): one more than theirs is no match. */
function comparable(purl: string): string {
  const [path = '', qualifiers = ''] = purl.split('?')
  const architecture = qualifiers.split('&').find(qualifier => qualifier.startsWith('arch='))
  return architecture === undefined ? path : `${path}?${architecture}`
}
