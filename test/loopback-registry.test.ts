import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { findNpm } from '../src/ecosystems/npm/registry/find-npm.ts'
import { makeProject } from './registry/project.ts'
import { startRegistry } from './registry/server.ts'

const run = promisify(execFile)
const npm = findNpm(process.env, process.platform, process.execPath)

test('npm itself installs, audits and fixes from the loopback registry', {
  skip: npm.npmFolder === undefined && 'npm is not installed',
}, async () => {
  await using registry = await startRegistry({
    packages: {
      leaf: { versions: { '1.0.0': {}, '1.0.1': { bin: { leaf: './leaf.js' } } } },
      '@scope/stem': {
        versions: { '2.0.0': { dependencies: { leaf: '^1.0.0' } } },
        files: { '2.0.0': { 'lib/index.js': 'module.exports = 1\n' } },
      },
    },
    audit: installed =>
      installed['leaf']?.includes('1.0.0')
        ? {
            leaf: [
              {
                id: 1,
                url: 'https://advisories.example/1',
                title: 'A hole',
                severity: 'high',
                vulnerable_versions: '<1.0.1',
                cwe: [],
                cvss: { score: 7.5 },
              },
            ],
          }
        : {},
  })
  using project = makeProject(registry.url, {
    'package.json': '{"name":"project","version":"1.0.0","dependencies":{"@scope/stem":"2.0.0","leaf":"1.0.0"}}\n',
  })
  const env = {
    ...project.env,
    PATH: process.env['PATH'] ?? '',
    npm_config_cache: project.cacheFolder,
    npm_config_update_notifier: 'false',
  }
  const call = (...args: string[]) => run(npm.node, [join(npm.npmFolder ?? '', 'bin', 'npm-cli.js'), ...args], { cwd: project.folder, env })

  await call('install', '--no-audit', '--no-fund')
  assert.equal(readFileSync(join(project.folder, 'node_modules/@scope/stem/lib/index.js'), 'utf8'), 'module.exports = 1\n')
  await call('ci', '--no-audit')
  await assert.rejects(call('audit'), { stdout: /A hole/ })
  const manifest = join(project.folder, 'package.json')
  assert.match(readFileSync(manifest, 'utf8'), /"leaf":"1.0.0"/)
  await call('audit', 'fix', '--force')
  assert.match(readFileSync(join(project.folder, 'package-lock.json'), 'utf8'), /"leaf": "\^?1\.0\.1"/)
  assert.ok(registry.requests.every(request => request.status !== undefined && request.status < 400))
})
