import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Edit, PatchedFile } from '../model/edit.ts'
import { applyEdits } from '../text/edits.ts'
import { digestOf } from './digest-of.ts'
import { preAuthentication, seal, signingKey, verifyingKey } from './envelope.ts'
import { readReceipt } from './read-receipt.ts'
import type { ReceiptInput } from './receipt.ts'
import { makeReceipt, sealReceipt } from './receipt.ts'
import { withoutSecrets, withSecretsOf } from './secrets.ts'

function inputFor(before: string, edits: readonly Edit[], more: Partial<ReceiptInput> = {}): ReceiptInput {
  const after = applyEdits(before, edits)
  const files: PatchedFile[] = [{ path: 'package-lock.json', before, after, beforeSha256: digestOf(before), afterSha256: digestOf(after) }]
  return {
    toolVersion: '0.1.0',
    now: () => new Date('2026-11-25T17:30:05.678Z'),
    target: '.',
    files,
    edits,
    changes: [{ name: 'needle', from: '1.0.0', to: '1.0.5', because: 'It removes a finding.', fixes: ['needle@1.0.0:X-1'] }],
    origins: [{ name: 'needle', version: '1.0.5', metadataSha256: digestOf('metadata'), integrity: 'sha512-AAAA' }],
    advisories: { hash: digestOf('index'), newest: '2026-11-01T00:00:00Z' },
    verification: [{ check: 'fresh scan', result: 'passed', detail: '' }],
    ...more,
  }
}

const edit = (start: number, end: number, insert: string): Edit => ({ file: 'package-lock.json', start, end, insert })
const BEFORE = '{"packages":{"node_modules/needle":{"version":"1.0.0"}}}'
const EDITS = [edit(BEFORE.indexOf('1.0.0') + 4, BEFORE.indexOf('1.0.0') + 5, '5')]

const ed25519 = generateKeyPairSync('ed25519')
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const pem = (key: typeof ed25519.privateKey) => key.export({ type: 'pkcs8', format: 'pem' }).toString()
const publicPem = (key: typeof ed25519.publicKey) => key.export({ type: 'spki', format: 'pem' }).toString()

test('an edit inside a word is kept as the whole word, with the keys that lead to it', () => {
  const [file] = makeReceipt(inputFor(BEFORE, EDITS)).files
  assert.deepEqual(file?.edits, [
    {
      start: BEFORE.indexOf('"1.0.0"'),
      removed: '"1.0.0"',
      inserted: '"1.0.5"',
      key: ['packages', 'node_modules/needle', 'version'],
      left: BEFORE.slice(0, BEFORE.indexOf('"1.0.0"')),
      right: '}}}',
    },
  ])
})

test('a receipt is an in-toto statement about the files after, in a DSSE envelope named by time and content', () => {
  const { path, text } = sealReceipt(makeReceipt(inputFor(BEFORE, EDITS)))
  const envelope = JSON.parse(text)
  const payload = Buffer.from(envelope.payload, 'base64').toString()
  const statement = JSON.parse(payload)
  assert.equal(envelope.payloadType, 'application/vnd.in-toto+json')
  assert.deepEqual(envelope.signatures, [])
  assert.equal(statement._type, 'https://in-toto.io/Statement/v1')
  assert.deepEqual(statement.subject, [{ name: 'package-lock.json', digest: { sha256: digestOf(applyEdits(BEFORE, EDITS)) } }])
  assert.equal(path, `.suture/receipts/20261125-173005-${digestOf(payload).slice(0, 8)}.json`)
})

test('what is read back is what was written', () => {
  const receipt = makeReceipt(inputFor(BEFORE, EDITS))
  const { path, text } = sealReceipt(receipt)
  const { contentId, ...read } = readReceipt(text)
  assert.deepEqual(read, { receipt, signature: 'none', keyIds: [] })
  assert.ok(path.endsWith(`-${contentId}.json`))
})

test('the bytes that are signed follow the DSSE example', () => {
  // The protocol's own example: PAE("http://example.com/HelloWorld", "hello world").
  const signed = preAuthentication('http://example.com/HelloWorld', Buffer.from('hello world'))
  assert.equal(signed.toString(), 'DSSEv1 29 http://example.com/HelloWorld 11 hello world')
})

for (const [kind, keys] of [['Ed25519', ed25519] as const, ['ECDSA P-256', p256] as const]) {
  test(`a receipt signed with ${kind} verifies with that key alone, and no flipped byte passes`, () => {
    const signer = signingKey(pem(keys.privateKey))
    const verifier = verifyingKey(publicPem(keys.publicKey))
    const other = verifyingKey(publicPem(generateKeyPairSync('ed25519').publicKey))
    const { text } = sealReceipt(makeReceipt(inputFor(BEFORE, EDITS)), signer)
    assert.equal(readReceipt(text, verifier).signature, 'verified')
    assert.deepEqual(readReceipt(text).keyIds, [verifier.id])
    assert.equal(readReceipt(text).signature, 'unchecked')
    assert.throws(() => readReceipt(text, other), { code: 'receipt-signature' })
    const envelope: { payload: string } = JSON.parse(text)
    fc.assert(
      fc.property(fc.nat({ max: Buffer.from(envelope.payload, 'base64').length - 1 }), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const payload = Buffer.from(envelope.payload, 'base64')
        payload.writeUInt8(payload.readUInt8(at) ^ flip, at)
        assert.throws(() => readReceipt(JSON.stringify({ ...envelope, payload: payload.toString('base64') }), verifier), {
          code: 'receipt-signature',
        })
      }),
      { numRuns: 30 },
    )
  })
}

test('an unsigned receipt does not pass where a signature is asked for', () => {
  const { text } = sealReceipt(makeReceipt(inputFor(BEFORE, EDITS)))
  assert.throws(() => readReceipt(text, verifyingKey(publicPem(ed25519.publicKey))), { code: 'receipt-signature' })
})

test('keys of other kinds, and text that is no key, are refused', () => {
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' })
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  for (const key of [pem(p384.privateKey), pem(rsa.privateKey), 'no key', publicPem(ed25519.publicKey)]) {
    assert.throws(() => signingKey(key), { code: 'key-invalid' })
  }
})

test('anything but a receipt is refused', () => {
  const receipt = makeReceipt(inputFor(BEFORE, EDITS))
  const statement = JSON.parse(Buffer.from(JSON.parse(sealReceipt(receipt).text).payload, 'base64').toString())
  const wrong: unknown[] = [
    { ...statement, predicateType: 'https://suture.dev/other/v1' },
    { ...statement, subject: [] },
    { ...statement, predicate: { ...receipt, files: receipt.files.map(file => ({ ...file, path: '../../etc/passwd' })) } },
    { ...statement, predicate: { ...receipt, files: receipt.files.map(file => ({ ...file, afterSha256: 'x' })) } },
    [],
    null,
  ]
  const texts = wrong.map(value => seal(JSON.stringify(value), 'application/vnd.in-toto+json'))
  for (const text of [...texts, '', '{}', '[]', seal(JSON.stringify(statement), 'text/plain')]) {
    assert.throws(() => readReceipt(text), { code: 'receipt-invalid' })
  }
})

test('no credentials reach a receipt', () => {
  const secret = 'hunter2-Sesame'
  const before = `{"a":{"resolved":"https://me:${secret}@registry.example/a/-/a-1.0.0.tgz"},"b":"https://x.example/?_authToken=${secret}&n=1"}`
  const at = before.indexOf('1.0.0')
  const input = inputFor(before, [edit(at, at + 5, '1.0.1')], { target: `https://${secret}@git.example/x.git` })
  const { text } = sealReceipt(makeReceipt(input))
  assert.ok(!Buffer.from(JSON.parse(text).payload, 'base64').toString().includes('Sesame'))
  assert.ok(text.length > 0)
})

test('addresses lose their user part and keys, and get the user part back from a text that has it', () => {
  const rows: readonly (readonly [string, string])[] = [
    ['https://a:b@h.example/x', 'https://credentials-removed@h.example/x'],
    ['https://token@h.example:8080/x', 'https://credentials-removed@h.example:8080/x'],
    ['https://a@b:c@h.example/', 'https://credentials-removed@h.example/'],
    ['git+ssh://git@h.example/a/b.git', 'git+ssh://git@h.example/a/b.git'],
    ['https://h.example/@scope/name', 'https://h.example/@scope/name'],
    ['https://h.example/x?sig=1&access_token=abc', 'https://h.example/x?sig=1&access_token=credentials-removed'],
  ]
  for (const [text, expected] of rows) assert.equal(withoutSecrets(text), expected)
  const restore = withSecretsOf('see https://a:b@h.example/other')
  assert.equal(restore('https://credentials-removed@h.example/x'), 'https://a:b@h.example/x')
  assert.equal(restore('https://credentials-removed@else.example/x'), undefined)
  assert.equal(restore('plain'), 'plain')
})

test('looking for credentials takes time in proportion to the text', () => {
  for (const hostile of ['a-'.repeat(200_000), `?${'token'.repeat(80_000)}`, `x://${'a@'.repeat(200_000)}`, 'a://'.repeat(100_000)]) {
    withoutSecrets(hostile)
  }
})
