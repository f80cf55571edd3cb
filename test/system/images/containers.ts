/**
 * Images run as their users run them: pulled by podman, from a registry too. Where this machine lets no container start, programs run in the
 * image's exported tree with chroot instead; what dpkg and apt say is the same there.
 */
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { must, type Ran, run } from './command.ts'

export const FLAGS = ['--runtime', 'runc', '--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024', '--network=host']

/** For tar. */
export const CAPABILITIES = ['--xattrs', '--xattrs-include=security.capability']

export interface Containers {
  /** `reference`: `oci:<folder>:<tag>`, or a name in a registry on loopback. The image's id. */
  pull(reference: string): string
  /** A shell script inside a fresh container. */
  sh(image: string, script: string): Ran
  /** The tree of an image as a folder of `scratch`, or of what `script` leaves of it. */
  tree(image: string, name: string, script?: string): string
  close(): void
}

/** Layers over one another where the kernel lets this folder hold them; else each is copied whole. */
export function storageOf(scratch: string): readonly string[] {
  const place = ['--root', join(scratch, 'podman'), '--runroot', join(scratch, 'podman-run'), '--tmpdir', join(scratch, 'podman-tmp')]
  const common = [...place, '--cgroup-manager', 'cgroupfs', '--events-backend', 'file']
  const layered = [...common, '--storage-driver', 'overlay']
  return run('podman', [...layered, 'info']).code === 0 ? layered : [...common, '--storage-driver', 'vfs']
}

export function openContainers(scratch: string): Containers {
  const storage = storageOf(scratch)
  const podman = (...words: readonly string[]) => must('podman', [...storage, ...words])
  const trees = new Map<string, string>()
  let starts: boolean | undefined

  const canStart = (image: string): boolean => {
    if (starts === undefined) {
      const probe = run('podman', [...storage, 'run', '--rm', ...FLAGS, image, 'true'])
      starts = probe.code === 0
      if (!starts) console.error(`No container starts here, so programs run with chroot: ${probe.err.trim().slice(-400)}`)
    }
    return starts
  }
  const unpack = (from: string, name: string): string => {
    const folder = join(scratch, 'trees', name)
    mkdirSync(folder, { recursive: true })
    const tar = `${folder}.tar`
    podman('export', '--output', tar, from)
    must('tar', ['--extract', '--file', tar, '--directory', folder, '--numeric-owner', '--preserve-permissions', ...CAPABILITIES])
    rmSync(tar)
    return folder
  }
  const exported = (image: string, name: string): string => {
    const container = podman('create', image, 'true').trim()
    const folder = unpack(container, name)
    podman('rm', container)
    return folder
  }
  const inChroot = (folder: string, script: string): Ran => {
    must('cp', ['/etc/resolv.conf', join(folder, 'etc/resolv.conf')])
    return run('chroot', [folder, '/bin/sh', '-c', script], {
      env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' },
    })
  }
  return {
    pull: reference => podman('pull', '--quiet', '--tls-verify=false', reference).trim(),
    sh(image, script) {
      if (canStart(image)) return run('podman', [...storage, 'run', '--rm', ...FLAGS, image, '/bin/sh', '-c', script])
      const folder = trees.get(image) ?? exported(image, `chroot-${trees.size}`)
      trees.set(image, folder)
      return inChroot(folder, script)
    },
    tree(image, name, script) {
      if (script === undefined) return exported(image, name)
      if (!canStart(image)) {
        const folder = exported(image, name)
        const ran = inChroot(folder, script)
        if (ran.code !== 0) throw new Error(`${script}\n${ran.out}\n${ran.err}`)
        return folder
      }
      podman('run', '--name', name, ...FLAGS, image, '/bin/sh', '-c', script)
      const folder = unpack(name, name)
      podman('rm', name)
      return folder
    },
    close: () => void run('podman', [...storage, 'rmi', '--all', '--force']),
  }
}
