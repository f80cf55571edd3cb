import assert from 'node:assert/strict'
import { posix } from 'node:path'
import { test } from 'node:test'
import { memoryFiles } from '../../testing/memory-files.ts'
import { judged, WORLD } from '../../testing/script-world.ts'
import { judge } from './oracle.ts'

test('work that a package’s own paths stand for is told apart from any other', () => {
  const body =
    'echo Etc/UTC > /etc/timezone\nln -nsf /usr/share/zoneinfo/Etc/UTC /etc/localtime.dpkg-new && mv -f /etc/localtime.dpkg-new /etc/localtime'
  assert.equal(judged(body, { package: { name: 'tzdata', from: '1', to: '2' } }).verdict.class, 'harmless')
  assert.equal(judged(body).verdict.class, 'needs-execution')
  assert.equal(judged(`${body}\ndate > /etc/passwd`, { package: { name: 'tzdata', from: '1', to: '2' } }).verdict.class, 'needs-execution')
})

test('gdk-pixbuf’s list of loaders stays where it names those that are there, and the same version wrote it', () => {
  const folder = 'usr/lib/x86_64-linux-gnu/gdk-pixbuf-2.0/2.10.0'
  const list = (version: string, ...loaders: string[]) =>
    `# Created by gdk-pixbuf-query-loaders from gdk-pixbuf-${version}\n${loaders.map(name => `"/${folder}/loaders/${name}.so"\n"${name}" 6\n`).join('\n')}`
  const verdict = (text: string, to = '2.42.10+dfsg-1+deb12u3') => {
    const files = memoryFiles({ [`${folder}/loaders.cache`]: text, [`${folder}/loaders/svg.so`]: '', [`${folder}/loaders/old.so.bak`]: '' })
    return judge({
      name: 'postinst',
      text: `#!/bin/sh\n/${posix.dirname(folder)}/gdk-pixbuf-query-loaders $(find /${folder}/loaders -name *.so | sort) > /${folder}/loaders.cache || true\n`,
      args: ['triggered', `/${folder}/loaders`],
      architecture: 'amd64',
      world: {
        ...WORLD,
        state: { ...WORLD.state, get: path => files.get(path), follow: path => files.follow(path), children: path => files.children(path) },
        package: { name: 'libgdk-pixbuf-2.0-0', from: '2.42.10+dfsg-1+deb12u1', to },
      },
      included: new Map([[`/${folder}/loaders.cache`, text]]),
      wanted: () => {},
    }).verdict.class
  }
  assert.equal(verdict(list('2.42.10', 'svg')), 'harmless')
  assert.equal(verdict(list('2.42.10', 'svg', 'gone')), 'needs-execution')
  assert.equal(verdict(list('2.42.10')), 'needs-execution')
  assert.equal(verdict(list('2.42.10', 'svg'), '2.44.0-1'), 'needs-execution')
})

test('registering the same again is nothing where neither the script nor the list of files changed', () => {
  const body = 'update-alternatives --install /usr/bin/editor editor /usr/bin/tool $(cat /usr/bin/tool)'
  assert.equal(judged(body).verdict.class, 'needs-execution')
  assert.equal(judged(body, { repeats: true }).verdict.class, 'harmless')
})
