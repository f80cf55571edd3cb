/**
 * The same change by `podman build` of a Dockerfile. Processor time is what the kernel charged to podman and all that it waited for, containers
 * included, as the shell's `times` tells it; memory is the sum of what it and its descendants hold resident, looked at ten times a second.
 */
import { spawn } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { must } from '../test/system/images/command.ts'
import { FLAGS, storageOf } from '../test/system/images/containers.ts'
import type { Usage } from './usage.ts'

export interface Built extends Usage {
  readonly seconds: number
  /** The layout it was pushed to, with the tag `latest`; the time of packing and pushing is not counted. */
  readonly layout: string
}

const CLEAN = 'rm -rf /var/lib/apt/lists/*'
export const INSTALL_ONE = (name: string): string => `apt-get update && apt-get install -y --only-upgrade ${name} && ${CLEAN}`
export const UPGRADE_ALL = `apt-get update && apt-get upgrade -y && ${CLEAN}`

/** `image`: a reference to a layout; `scratch`: a folder of its own, of a short name. */
export async function podmanBuild(scratch: string, image: string, script: string): Promise<Built> {
  mkdirSync(scratch, { recursive: true })
  const storage = storageOf(scratch)
  const context = join(scratch, 'context')
  mkdirSync(context)
  const base = must('podman', [...storage, 'pull', '--quiet', image]).trim()
  writeFileSync(join(context, 'Dockerfile'), `FROM ${base}\nRUN export DEBIAN_FRONTEND=noninteractive; ${script}\n`)
  try {
    const measured = await measureBuild(['podman', ...storage, 'build', '--no-cache', '--quiet', ...FLAGS, '--tag', 'built', context])
    const layout = join(scratch, 'layout')
    must('podman', [...storage, 'push', '--quiet', '--format', 'oci', 'built', `oci:${layout}:latest`])
    return { ...measured, layout }
  } finally {
    must('podman', [...storage, 'rmi', '--all', '--force'])
  }
}

async function measureBuild(words: readonly string[]): Promise<Omit<Built, 'layout'>> {
  const started = performance.now()
  const child = spawn('bash', ['-c', '"$@" >&2; code=$?; times; exit $code', 'bash', ...words], { stdio: ['ignore', 'pipe', 'pipe'] })
  let [times, said, peakMB] = ['', '', 0]
  child.stdout.on('data', (chunk: Buffer) => {
    times += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    said = `${said}${chunk.toString()}`.slice(-3000)
  })
  const looking = setInterval(() => {
    peakMB = Math.max(peakMB, residentMB(child.pid ?? 0))
  }, 100)
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  clearInterval(looking)
  const seconds = (performance.now() - started) / 1000
  if (code !== 0) throw new Error(`podman build ended with ${code}: ${said}`)
  // The second line is of the children: `1m2.345s 0m0.678s`.
  const cpuSeconds = [...(times.split('\n')[1] ?? '').matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, minutes, rest]) => sum + Number(minutes) * 60 + Number(rest),
    0,
  )
  return { seconds, cpuSeconds, peakMB }
}

function residentMB(top: number): number {
  const processes = readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .flatMap(name => {
      try {
        const status = readFileSync(`/proc/${name}/status`, 'utf8')
        const number = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0)
        return [{ pid: Number(name), parent: number('PPid'), kB: number('VmRSS') }]
      } catch {
        return []
      }
    })
  const below = new Set([top])
  for (let size = 0; size !== below.size; ) {
    size = below.size
    for (const { pid, parent } of processes) if (below.has(parent)) below.add(pid)
  }
  return processes.filter(({ pid }) => below.has(pid)).reduce((sum, { kB }) => sum + kB, 0) / 1024
}
