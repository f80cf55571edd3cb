/**
 * Credentials as docker and podman keep them: `auths`, `credHelpers` and `credsStore` of config.json, and containers' auth.json. A helper
 * is the program that the user's own configuration names; it gets the host on its input and has ten seconds and 64 KiB to answer.
 */
import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault } from '../../model/faults.ts'
import type { JsonObject } from '../../text/json-source.ts'
import { readJsonSource } from '../../text/json-source.ts'
import { printable } from '../../text/printable.ts'
import { codeOf } from '../folder-lock.ts'

export type Credentials =
  | { readonly kind: 'password'; readonly username: string; readonly password: string }
  /** A refresh token that is exchanged for access tokens (OAuth 2). */
  | { readonly kind: 'identity'; readonly token: string }

/** Finds credentials for `host/repository`; undefined where there are none. */
export type FindCredentials = (host: string, repository: string) => Promise<Credentials | undefined>

export interface CredentialsOptions {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly home: string
}

const LARGEST = 4 * 1024 * 1024
const HELPER_MS = 10_000
const LARGEST_ANSWER = 64 * 1024

/** The files in the order podman has them, docker's last; the first that knows the host counts. Faults: `image-credentials`. */
export function credentialsFrom({ environment, home }: CredentialsOptions): FindCredentials {
  const runtime = environment['XDG_RUNTIME_DIR']
  const files = [
    environment['REGISTRY_AUTH_FILE'],
    runtime === undefined || runtime === '' ? undefined : join(runtime, 'containers', 'auth.json'),
    join(environment['XDG_CONFIG_HOME'] || join(home, '.config'), 'containers', 'auth.json'),
    join(environment['DOCKER_CONFIG'] || join(home, '.docker'), 'config.json'),
  ].flatMap(file => (file === undefined || file === '' ? [] : [file]))
  const found = new Map<string, Promise<Credentials | undefined>>()
  const find = async (host: string, repository: string): Promise<Credentials | undefined> => {
    for (const file of files) {
      const config = await readConfig(file)
      const credentials = config === undefined ? undefined : await lookUp(config, file, host, repository, environment)
      if (credentials !== undefined) return credentials
    }
    return undefined
  }
  return (host, repository) => {
    const key = `${host}/${repository}`
    const answer = found.get(key) ?? find(host, repository)
    found.set(key, answer)
    return answer
  }
}

async function lookUp(
  config: JsonObject,
  file: string,
  host: string,
  repository: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Credentials | undefined> {
  const helpers = config.get('credHelpers')
  const helper = helpers?.kind === 'object' ? helpers.get(host) : undefined
  if (helper?.kind === 'string') return await askHelper(helper.value, host, environment)
  const auths = config.get('auths')
  if (auths?.kind === 'object') {
    for (const key of keysFor(auths, host, repository)) {
      const entry = auths.get(key)
      const credentials = entry?.kind === 'object' ? readEntry(entry, file, host) : undefined
      if (credentials !== undefined) return credentials
    }
  }
  const store = config.get('credsStore')
  return store?.kind === 'string' && store.value !== '' ? await askHelper(store.value, host, environment) : undefined
}

/** Keys that fit, the longest path first; older docker wrote whole addresses. */
function keysFor(auths: JsonObject, host: string, repository: string): readonly string[] {
  const name = `${host}/${repository}`
  const fits = auths.members.flatMap(({ key }) => {
    const plain = key.replace(/^https?:\/\//, '').replace(/\/(?:v[12]\/?)?$/, '')
    return name === plain || name.startsWith(`${plain}/`) ? [{ key, length: plain.length }] : []
  })
  return fits.sort((a, b) => b.length - a.length).map(({ key }) => key)
}

function readEntry(entry: JsonObject, file: string, host: string): Credentials | undefined {
  const text = (key: string): string | undefined => {
    const node = entry.get(key)
    return node?.kind === 'string' && node.value !== '' ? node.value : undefined
  }
  const identity = text('identitytoken')
  if (identity !== undefined) return { kind: 'identity', token: identity }
  const [username, password, auth] = [text('username'), text('password'), text('auth')]
  if (username !== undefined && password !== undefined) return { kind: 'password', username, password }
  if (auth === undefined) return undefined
  const decoded = Buffer.from(auth, 'base64').toString('utf8').replace(/\0+$/, '')
  const colon = decoded.indexOf(':')
  if (colon < 1) throw new Fault('image-credentials', `${file} holds no name and password for ${host} in its “auth”.`)
  return { kind: 'password', username: decoded.slice(0, colon), password: decoded.slice(colon + 1) }
}

async function readConfig(file: string): Promise<JsonObject | undefined> {
  try {
    const text = await readFile(file, 'utf8')
    if (text.length > LARGEST) throw new Fault('image-registry-config', `${file} is too large.`)
    const config = readJsonSource(text, { maxDepth: 32, file })
    if (config.kind === 'object') return config
  } catch (cause) {
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(String(codeOf(cause)))) return undefined
    throw new Fault('image-registry-config', `${file} cannot be used.`, { cause })
  }
  throw new Fault('image-registry-config', `${file} is no JSON object.`)
}

/** `docker-credential-<name> get`. */
async function askHelper(
  name: string,
  host: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Credentials | undefined> {
  if (!/^[\w][\w.-]{0,100}$/.test(name)) throw new Fault('image-credentials', `${printable(name)} is no name of a credential helper.`)
  const program = `docker-credential-${name}`
  const { code, output } = await run(program, host, environment)
  if (code !== 0) {
    if (/credentials not found|no credentials/i.test(output)) return undefined
    throw new Fault('image-credentials', `${program} failed for ${host}: ${printable(output).trim().slice(0, 200)}`)
  }
  try {
    const answer = readJsonSource(output, { maxDepth: 8, file: program })
    const username = answer.kind === 'object' ? answer.get('Username') : undefined
    const secret = answer.kind === 'object' ? answer.get('Secret') : undefined
    if (username?.kind !== 'string' || secret?.kind !== 'string') throw new Error('no Username or no Secret')
    if (username.value === '<token>') return { kind: 'identity', token: secret.value }
    return { kind: 'password', username: username.value, password: secret.value }
  } catch {
    // The answer may hold a secret, so no word of it is repeated.
    throw new Fault('image-credentials', `${program} did not answer as a credential helper does.`)
  }
}

/** A helper's own children may outlive it and hold its output open; so the output is closed from here, and its end is not waited for. */
function run(
  program: string,
  input: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<{ code: number; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, ['get'], { stdio: ['pipe', 'pipe', 'ignore'], env: environment })
    let output = ''
    const stop = (why: string): void => {
      child.stdout.destroy()
      child.kill('SIGKILL')
      reject(new Fault('image-credentials', `${program} ${why}.`))
    }
    const timer = setTimeout(() => stop(`did not answer within ${HELPER_MS / 1000} seconds`), HELPER_MS)
    child.stdout.setEncoding('utf8')
    child.stdout.on('data', (text: string) => {
      output += text
      if (output.length > LARGEST_ANSWER) stop(`answered with more than ${LARGEST_ANSWER} bytes`)
    })
    child.stdin.on('error', () => undefined)
    child.stdin.end(input)
    child.on('error', cause => {
      clearTimeout(timer)
      reject(new Fault('image-credentials', `${program} cannot be run.`, { cause }))
    })
    child.on('close', code => {
      clearTimeout(timer)
      resolve({ code: code ?? 1, output })
    })
  })
}
