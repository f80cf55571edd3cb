import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { assertAsApt } from './as-apt.ts'
import { makeLayout } from './make-layout.ts'
import { assertOnlyPlanned, assertRepeatable, assertSmall, assertSound, type PatchedCase, patch } from './patched.ts'
import { type ImageSetting, openSetting } from './setting.ts'

let setting: ImageSetting
let layout: string
let made: PatchedCase

before(async () => {
  setting = await openSetting()
  layout = makeLayout(join(setting.scratch, 'minbase'), [setting.root({ name: 'minbase', packages: ['ca-certificates'] })])
  made = patch(setting, 'minbase', layout)
})
after(() => setting?.close())

test('a minimal Debian is patched, pushed, pulled, and sound to dpkg and apt', () => {
  assert.ok(made.changes.length > 0)
  assertSound(setting, made)
})
test('only what the plan moves differs', () => assertOnlyPlanned(made))
test('the layer holds nothing that was there already, and is packed well', () => assertSmall(made))
test('apt-get install leaves the same, apart from what is explained', () => assertAsApt(setting, made))
test('it is made the same again, has nothing left to do, and is taken back', () => assertRepeatable(setting, made, layout))
