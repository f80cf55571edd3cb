/**
 * The signed index of one suite, from the network or as it was kept: downloaded, its signature checked, its age checked, and never older
 * than the one before.
 */
import { createHash } from 'node:crypto'
import { type Sha256, sha256FromHex } from '../../../model/digest.ts'
import { Fault } from '../../../model/faults.ts'
import type { AptCache, SuiteRecord, VerifiedRecord } from './apt-cache.ts'
import type { KeyringFile, Keyrings } from './keyrings.ts'
import { checkRelease, type ReleaseFile, readRelease } from './release-file.ts'
import type { AptSource } from './source.ts'
import { readBody, request, type Transport } from './transport.ts'
import { type Distrusted, faultOf, verificationKey, verifyClearSigned } from './verify-signature.ts'

export interface SignedRelease {
  readonly source: AptSource
  readonly release: ReleaseFile
  readonly sha256: Sha256
  /** Who signed it; undefined for a source that wants no signature, where that was accepted. */
  readonly signer: VerifiedRecord | undefined
  readonly notes: readonly string[]
}

export interface ReleaseReader {
  readonly transport: Transport
  readonly cache: AptCache
  readonly keyrings: Keyrings
  readonly now: () => Date
  /** Nothing may be downloaded. */
  readonly offline: boolean
  /** For how long what was kept is not asked for again. */
  readonly freshMs: number
}

const LARGEST = 32 * 1024 * 1024

/** Throws `apt-…` faults, each before anything that depends on the suite is done. */
export async function fetchRelease(reader: ReleaseReader, source: AptSource): Promise<SignedRelease> {
  const { cache, now } = reader
  const where = inReleaseUrl(source)
  const kept = await cache.suite(source.uri, source.suite)
  const answer = await obtain(reader, source, kept, where)
  const notes: string[] = []
  const { signed, signer } = source.trusted
    ? { signed: withoutArmour(answer.bytes), signer: undefined }
    : await verify(reader, source, answer.bytes, where, notes)
  const release = readRelease(signed, where)
  const stale = checkRelease(release, { source, now: now(), checkValidUntil: source.checkValidUntil }, where)
  if (stale !== undefined) notes.push(stale)
  if (kept !== undefined && release.date.getTime() < Date.parse(kept.date)) {
    throw new Fault('apt-release-replayed', `${where} is dated ${release.date.toISOString()}; the one before was of ${kept.date}`)
  }
  if (answer.record !== undefined) {
    await cache.keepContent(answer.bytes)
    await cache.keepSuite(source.uri, source.suite, { ...answer.record, date: release.date.toISOString() })
  }
  return { source, release, sha256: answer.sha256, signer, notes }
}

export function suiteUrl({ uri, suite }: AptSource): string {
  return suite.endsWith('/') ? uri + (suite === '/' || suite === './' ? '' : suite) : `${uri}dists/${suite}/`
}

function inReleaseUrl(source: AptSource): string {
  return `${suiteUrl(source)}InRelease`
}

interface Answer {
  readonly bytes: Buffer
  readonly sha256: Sha256
  /** What to keep; undefined where nothing was asked. */
  readonly record?: Omit<SuiteRecord, 'date'>
}

async function obtain(reader: ReleaseReader, source: AptSource, kept: SuiteRecord | undefined, where: string): Promise<Answer> {
  const { cache, transport, now, offline, freshMs } = reader
  const bytes = kept === undefined ? undefined : await cache.content(kept.inRelease)
  const age = kept === undefined ? Number.POSITIVE_INFINITY : now().getTime() - Date.parse(kept.asked)
  if (kept !== undefined && bytes !== undefined && (offline || (age >= 0 && age < freshMs))) return { bytes, sha256: kept.inRelease }
  if (offline) throw new Fault('apt-offline', `${where} was not downloaded before`)
  const headers =
    kept === undefined || bytes === undefined
      ? {}
      : {
          ...(kept.etag !== undefined && { 'if-none-match': kept.etag }),
          ...(kept.lastModified !== undefined && { 'if-modified-since': kept.lastModified }),
        }
  return request(transport, { url: where, credentials: source.credentials, headers }, async (answer, alive) => {
    const asked = now().toISOString()
    if (answer.status === 304 && kept !== undefined && bytes !== undefined)
      return { bytes, sha256: kept.inRelease, record: { ...kept, asked } }
    if (answer.status !== 200) {
      await answer.body?.cancel()
      throw new Fault(
        'apt-release-invalid',
        `${where}: the server answered ${answer.status}`,
        answer.status === 404 ? { hint: 'The mirror has no such suite: check its name, or name another mirror with --source.' } : {},
      )
    }
    const fresh = await readBody(answer, alive, LARGEST, () => new Fault('apt-release-invalid', `${where} is larger than ${LARGEST} bytes`))
    const [etag, lastModified] = [answer.headers.get('etag'), answer.headers.get('last-modified')]
    const sha256 = sha256FromHex(createHash('sha256').update(fresh).digest('hex'))
    return {
      bytes: fresh,
      sha256,
      record: { inRelease: sha256, asked, ...(etag !== null && { etag }), ...(lastModified !== null && { lastModified }) },
    }
  })
}

async function verify(reader: ReleaseReader, source: AptSource, bytes: Buffer, where: string, notes: string[]) {
  const fingerprints = source.signedBy?.fingerprints ?? []
  let worst: Distrusted | undefined
  let tried: readonly KeyringFile[] = []
  for await (const set of reader.keyrings.sets(source)) {
    tried = [...tried, ...set]
    const key = verificationKey(bytes, set, fingerprints)
    const known = await reader.cache.verified(key)
    const text = known === undefined ? undefined : await reader.cache.content(known.text)
    if (known !== undefined && text !== undefined && (known.expires === undefined || new Date(known.expires) > reader.now())) {
      noteKeyring(source, known, notes)
      return { signed: text.toString('utf8'), signer: known }
    }
    const result = await verifyClearSigned(bytes.toString('utf8'), set, fingerprints, reader.now())
    if ('text' in result) {
      const signer: VerifiedRecord = {
        text: await reader.cache.keepContent(Buffer.from(result.text)),
        fingerprint: result.fingerprint,
        ...(result.expires !== undefined && { expires: result.expires }),
        keyring: result.keyring.path,
        from: result.keyring.from,
      }
      await reader.cache.keepVerified(key, signer)
      noteKeyring(source, signer, notes)
      return { signed: result.text, signer }
    }
    // A signature that a key of the first set contradicts is forged: no other keyring makes it good.
    if (result.why === 'invalid' || result.why === 'absent') throw faultOf(result, source, where)
    worst = worst?.why === 'expired' ? worst : result
  }
  const detail = tried.length === 0 ? 'no keyring for it was found' : (worst?.detail ?? 'no key made its signature')
  throw faultOf({ why: worst?.why ?? 'missing', detail }, source, where)
}

function noteKeyring(source: AptSource, signer: VerifiedRecord, notes: string[]): void {
  if (source.origin === 'image' && signer.from === 'machine') {
    notes.push(`The image has no usable key for ${source.uri} ${source.suite}; this machine’s ${signer.keyring} was used.`)
  }
}

/** The text between the armour's parts (RFC 9580, 7), for a source that wants no signature. */
function withoutArmour(bytes: Buffer): string {
  const text = bytes.toString('utf8').replaceAll('\r\n', '\n')
  if (!text.startsWith('-----BEGIN PGP SIGNED MESSAGE-----')) return text
  const start = text.indexOf('\n\n') + 2
  const end = text.indexOf('\n-----BEGIN PGP SIGNATURE-----', start)
  return text.slice(start, end < 0 ? text.length : end).replace(/^- /gm, '')
}
