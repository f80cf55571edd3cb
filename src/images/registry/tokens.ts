/**
 * Proves to a registry who asks: a token from the service that it names (Bearer), or name and password (Basic). Secrets go to HTTPS
 * addresses only, or to this machine, and a registry out there cannot send them to one in here.
 */
import { Fault } from '../../model/faults.ts'
import { readJsonSource } from '../../text/json-source.ts'
import { printable } from '../../text/printable.ts'
import { collect } from '../verified-bytes.ts'
import type { Challenge } from './challenge.ts'
import type { Credentials } from './credentials.ts'
import { isLoopback, isPrivateTo } from './hosts.ts'
import type { HttpAnswer, HttpRequest } from './transport.ts'

const LARGEST_TOKEN = 1024 * 1024
const CLIENT = 'suture'

export interface TokenRequest {
  readonly challenge: Challenge
  readonly host: string
  readonly insecure: boolean
  /** What is asked for, as in `repository:name:pull`. */
  readonly scopes: readonly string[]
  readonly credentials: Credentials | undefined
  /** Sends once more where it falters. */
  readonly send: (request: HttpRequest) => Promise<HttpAnswer>
}

/** The value of the `Authorization` header; undefined where nobody knows a name and password. Faults: `image-registry-refused`, `image-registry-invalid`. */
export async function authorize(request: TokenRequest): Promise<string | undefined> {
  const { challenge, credentials } = request
  if (challenge.scheme === 'basic') return credentials?.kind === 'password' ? basic(credentials) : undefined
  const realm = realmOf(challenge.realm, request)
  const scopes = request.scopes.length === 0 && challenge.scope !== undefined ? [challenge.scope] : request.scopes
  return `Bearer ${await token(request, realm, challenge.service, scopes)}`
}

async function token(request: TokenRequest, realm: URL, service: string | undefined, scopes: readonly string[]): Promise<string> {
  const { credentials, host, insecure, send } = request
  const fields = new URLSearchParams(realm.search)
  if (service !== undefined) fields.set('service', service)
  for (const scope of scopes) fields.append('scope', scope)
  const url = new URL(realm)
  let answer: HttpAnswer
  if (credentials?.kind === 'identity') {
    const form = new URLSearchParams({ grant_type: 'refresh_token', client_id: CLIENT, refresh_token: credentials.token })
    if (service !== undefined) form.set('service', service)
    form.set('scope', scopes.join(' '))
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    answer = await send({ method: 'POST', url, headers, body: Buffer.from(form.toString()), insecure })
  } else {
    url.search = fields.toString()
    const headers = credentials === undefined ? {} : { authorization: basic(credentials) }
    answer = await send({ method: 'GET', url, headers, insecure })
  }
  if (answer.status !== 200) {
    await answer.discard()
    throw new Fault('image-registry-refused', `${url.host}, which ${host} names, gave no token: it answered ${answer.status}.`)
  }
  return readToken(Buffer.from(await collect(answer.body, LARGEST_TOKEN, `The token of ${url.host}`)).toString(), url.host)
}

function readToken(text: string, host: string): string {
  try {
    const answer = readJsonSource(text, { maxDepth: 16, maxNodes: 1000, file: host })
    const [token, access] = answer.kind === 'object' ? [answer.get('token'), answer.get('access_token')] : []
    const value = token?.kind === 'string' && token.value !== '' ? token.value : access?.kind === 'string' ? access.value : ''
    if (/^[\x21-\x7e]+$/.test(value)) return value
  } catch {
    // Whatever it is, it is no token; it may be a secret and is not repeated.
  }
  throw new Fault('image-registry-invalid', `${host} answered with no token.`)
}

function realmOf(text: string, { host, insecure }: TokenRequest): URL {
  const url = URL.parse(text)
  const refuse = (why: string): Fault =>
    new Fault('image-registry-invalid', `${host} asks to log in at ${printable(text).slice(0, 200)}, ${why}.`)
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) throw refuse('which is no web address')
  if (url.username !== '' || url.password !== '') throw refuse('which carries a name of its own')
  if (isPrivateTo(url.hostname, host)) throw refuse('which lies in this machine or its network')
  const sameHost = url.host === host
  if (url.protocol === 'http:' && !isLoopback(url.hostname) && !(insecure && sameHost)) throw refuse('which is not encrypted')
  url.hash = ''
  return url
}

function basic(credentials: Extract<Credentials, { kind: 'password' }>): string {
  return `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`
}
