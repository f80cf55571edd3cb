import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inDebPin, isDebPin } from './deb-pin.ts'

test('a pin is terms, an exact version or its beginning; what cannot be read lets nothing in', () => {
  assert.equal(inDebPin('1.5-1', '>= 1.2, << 2'), true)
  assert.equal(inDebPin('2-1', '>= 1.2, << 2'), false)
  assert.equal(inDebPin('5.10.3-1', '5.10*'), true)
  assert.equal(inDebPin('5.11-1', '5.10*'), false)
  assert.equal(inDebPin('1.0-1', '1.0-1'), true)
  assert.equal(inDebPin('1.0-2', '1.0-1'), false)
  assert.equal(inDebPin('1.0-2', '*'), true)
  for (const pin of ['>= ', 'between 1 and 2', '^1.0', '', '>= 1*'])
    assert.deepEqual([inDebPin('1.0-2', pin), isDebPin(pin)], [false, false], pin)
  for (const pin of ['>= 1.2, << 2', '5.10*', '1:1.0-1', '*']) assert.equal(isDebPin(pin), true, pin)
})
