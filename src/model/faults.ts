/**
 * Every fault Suture can raise. A code is stable: scripts may rely on it. `docs/reference/faults.md` is generated
 * from this table. `says` is one plain sentence about the class of fault; the thrown message tells the particular.
 */
export const FAULTS = {
  usage: { exit: 2, says: 'The command was used in a way it does not understand.', hint: 'Run the command with --help.' },
  'node-too-old': { exit: 3, says: 'This Node.js is too old for Suture.', hint: 'Use Node.js 22.18 or newer.' },
  'target-not-found': {
    exit: 2,
    says: 'There is nothing to read at the target.',
    hint: 'Name a folder that holds package-lock.json or npm-shrinkwrap.json, or an image: registry.example/name:tag, oci:<folder>, docker-archive:<file>.',
  },
  'file-unreadable': { exit: 3, says: 'A file cannot be read.', hint: 'Check that it exists and that you may read it.' },
  'file-too-large': { exit: 3, says: 'A file is larger than Suture reads.', hint: 'Check that this is the file you mean.' },
  'file-changed': { exit: 3, says: 'A file changed after it was read, so nothing was written.', hint: 'Run the command again.' },
  'write-failed': {
    exit: 3,
    says: 'A file could not be written; the old one is untouched.',
    hint: 'Check the folder’s permissions and free space.',
  },
  'json-invalid': { exit: 3, says: 'A file is not valid JSON.', hint: 'Repair the file, or restore it from version control.' },
  'json-too-deep': { exit: 3, says: 'A JSON file is nested deeper than Suture reads.', hint: 'Check that this is the file you mean.' },
  'lockfile-unsupported': {
    exit: 3,
    says: 'The lockfile’s version is not one that Suture knows.',
    hint: 'Suture reads package-lock.json and npm-shrinkwrap.json, versions 1, 2 and 3.',
  },
  'lockfile-invalid': {
    exit: 3,
    says: 'The lockfile contradicts itself or holds a value that cannot be right.',
    hint: 'Run npm install to repair it, then try again.',
  },
  'lockfile-too-large': {
    exit: 3,
    says: 'The lockfile has more entries than Suture reads.',
    hint: 'Check that this is the file you mean.',
  },
  'manifest-invalid': { exit: 3, says: 'package.json cannot be used.', hint: 'Repair package.json, or restore it from version control.' },
  'policy-invalid': {
    exit: 2,
    says: 'suture.yaml holds something that Suture does not understand.',
    hint: 'See docs/reference/suture-yaml.md.',
  },
  'advisories-missing': {
    exit: 3,
    says: 'There is no advisory database.',
    hint: 'Run suture db update, or pass --advisories <file or folder>.',
  },
  'advisories-invalid': {
    exit: 3,
    says: 'An advisory source cannot be read.',
    hint: 'It must be OSV records as .json, .ndjson, .ndjson.gz or .zip, or a folder of these.',
  },
  'advisories-corrupt': { exit: 3, says: 'The advisory index is damaged.', hint: 'Run suture db update to rebuild it.' },
  'advisories-locked': {
    exit: 3,
    says: 'Another update of the advisory database is running.',
    hint: 'Wait for it to end, then run the command again.',
  },
  'download-failed': {
    exit: 3,
    says: 'A download did not succeed.',
    hint: 'Check the network and the proxy settings, then run the command again; it resumes.',
  },
  'registry-unreachable': {
    exit: 3,
    says: 'The package registry did not answer.',
    hint: 'Check the network, the proxy and npm’s registry setting.',
  },
  'registry-refused': { exit: 3, says: 'The package registry refused the request.', hint: 'Check the credentials in your .npmrc.' },
  'registry-invalid': {
    exit: 3,
    says: 'The package registry answered with something that cannot be right.',
    hint: 'Try again, or use another registry.',
  },
  'dpkg-status-invalid': {
    exit: 3,
    says: 'The image’s package database contradicts itself or cannot be read.',
    hint: 'Repair it in the image that this one is built from.',
  },
  'distribution-unsupported': {
    exit: 3,
    says: 'The image’s distribution is not one that Suture knows.',
    hint: 'Suture patches Debian, Ubuntu and images made of their packages.',
  },
  'suite-end-of-life': {
    exit: 3,
    says: 'The image’s release gets no security updates any more.',
    hint: 'Move to a supported release, or name an extended archive with --source.',
  },
  'apt-sources-missing': {
    exit: 2,
    says: 'No apt source is known for the image’s release.',
    hint: 'Name one with --source "deb [signed-by=<keyring>] <address> <suite> <component>", or in suture.yaml.',
  },
  'apt-sources-invalid': {
    exit: 3,
    says: 'An apt source cannot be understood.',
    hint: 'Repair it, or name the source with --source.',
  },
  'apt-key-missing': {
    exit: 3,
    says: 'No key at hand made any of the repository’s signatures.',
    hint: 'Name a keyring that holds it with --source "deb [signed-by=<keyring>] …".',
  },
  'apt-key-expired': {
    exit: 3,
    says: 'The key that signed the repository’s index has expired or was revoked.',
    hint: 'Name a newer keyring with --source "deb [signed-by=<keyring>] …".',
  },
  'apt-signature-invalid': {
    exit: 3,
    says: 'The repository’s index does not carry the signature it must have.',
    hint: 'Do not use this mirror; name another one with --source.',
  },
  'apt-release-invalid': {
    exit: 3,
    says: 'The repository’s index is not the one that was asked for, or cannot be read.',
    hint: 'Check the suite’s name, or use another mirror with --source.',
  },
  'apt-release-expired': {
    exit: 3,
    says: 'The repository’s index is older than it says it may be used.',
    hint: 'Use another mirror with --source, or check the clock of this machine.',
  },
  'apt-release-replayed': {
    exit: 3,
    says: 'The repository gave an older index than it gave before.',
    hint: 'The mirror lags behind or is attacked; use another one with --source.',
  },
  'apt-mirror-unreachable': {
    exit: 3,
    says: 'The repository did not answer.',
    hint: 'Check the network and the proxy settings, or use another mirror with --source.',
  },
  'apt-refused': {
    exit: 3,
    says: 'The repository refused the request.',
    hint: 'Check the credentials in auth.conf.',
  },
  'apt-index-stale': {
    exit: 3,
    says: 'A package index is not the one that the signed index names.',
    hint: 'The mirror is being updated or is broken; try again in some minutes, or use another one with --source.',
  },
  'apt-index-invalid': {
    exit: 3,
    says: 'A package index cannot be read.',
    hint: 'Use another mirror with --source.',
  },
  'apt-offline': {
    exit: 3,
    says: 'What is needed was not downloaded before, and nothing may be downloaded now.',
    hint: 'Run the command once without --offline.',
  },
  'deb-digest-mismatch': {
    exit: 3,
    says: 'A package archive is not the one that the signed index names.',
    hint: 'Do not use this mirror; name another one with --source.',
  },
  'deb-invalid': {
    exit: 3,
    says: 'A package archive cannot be read, or holds what no package may hold.',
    hint: 'Do not use this mirror; name another one with --source.',
  },
  'dockerfile-invalid': {
    exit: 2,
    says: 'A Dockerfile or compose file cannot be read.',
    hint: 'Name a file that the tool it is for accepts.',
  },
  'image-reference-invalid': {
    exit: 2,
    says: 'An image reference cannot be understood.',
    hint: 'Write host/repository:tag, oci:<folder>:<tag>, docker-archive:<file> or oci-archive:<file>.',
  },
  'image-host-missing': {
    exit: 2,
    says: 'An image’s name does not say which registry it is in.',
    hint: 'Write the registry’s host in front, as in registry.example/name:tag, or name one in registries.conf (unqualified-search-registries).',
  },
  'image-not-found': { exit: 2, says: 'There is no such image.', hint: 'Check its name and tag, and that you may read it.' },
  'image-incomplete': {
    exit: 3,
    says: 'A part that an image leads to is not where the image is.',
    hint: 'Copy or save the image again with all its platforms, or name those that are there with --platform.',
  },
  'image-invalid': {
    exit: 3,
    says: 'An image’s manifest, index or config cannot be right.',
    hint: 'Build or pull the image again.',
  },
  'image-digest-mismatch': {
    exit: 3,
    says: 'A part of an image is not what its digest or size says.',
    hint: 'The copy is damaged or was tampered with; get the image again.',
  },
  'image-too-large': { exit: 3, says: 'A part of an image is larger than Suture reads.', hint: 'Check that this is the image you mean.' },
  'image-archive-invalid': {
    exit: 3,
    says: 'An image archive cannot be read.',
    hint: 'It must be what docker save wrote, or an OCI layout as a tar file.',
  },
  'image-write-failed': {
    exit: 3,
    says: 'An image could not be written; what was there before is untouched.',
    hint: 'Check the folder’s permissions and free space.',
  },
  'image-busy': {
    exit: 3,
    says: 'Another process writes to the same image folder.',
    hint: 'Wait for it to end, then run the command again.',
  },
  'image-credentials': {
    exit: 3,
    says: 'The credentials for a registry cannot be had.',
    hint: 'Log in to the registry again, or repair the docker or containers configuration.',
  },
  'image-registry-config': {
    exit: 3,
    says: 'A configuration file for registries cannot be used.',
    hint: 'Repair the file.',
  },
  'image-registry-unreachable': {
    exit: 3,
    says: 'The image registry did not answer.',
    hint: 'Check the network, the proxy settings and the registry’s certificate.',
  },
  'image-registry-refused': {
    exit: 3,
    says: 'The image registry refused the request.',
    hint: 'Log in to the registry with an account that may do this.',
  },
  'image-registry-insecure': {
    exit: 3,
    says: 'The image registry would be spoken to without encryption.',
    hint: 'Use HTTPS, or mark the registry as insecure in registries.conf.',
  },
  'image-registry-invalid': {
    exit: 3,
    says: 'The image registry answered with something that cannot be right.',
    hint: 'Try again, or use another registry.',
  },
  'image-push-failed': {
    exit: 3,
    says: 'The image was not pushed; the tag points to what it pointed to before.',
    hint: 'Run the command again; what was sent already is not sent again.',
  },
  'image-platform-missing': {
    exit: 2,
    says: 'The image is not there for the platform that was asked for.',
    hint: 'Name one of its platforms with --platform.',
  },
  'image-file-too-large': {
    exit: 3,
    says: 'A file inside an image is larger than Suture reads.',
    hint: 'Check that this is the image you mean.',
  },
  'layer-invalid': {
    exit: 3,
    says: 'An image layer cannot be read or contradicts itself.',
    hint: 'Build or pull the image again.',
  },
  'layer-too-large': {
    exit: 3,
    says: 'An image layer has more in it than Suture reads.',
    hint: 'Check that this is the image you mean.',
  },
  'layer-foreign': {
    exit: 3,
    says: 'An image layer is kept outside of the image and may not be passed on.',
    hint: 'Suture patches images that have all their layers.',
  },
  'compression-unsupported': {
    exit: 3,
    says: 'An image layer is compressed in a way that images do not have.',
    hint: 'Suture reads gzip, zstd and uncompressed layers; push the image again with one of these.',
  },
  'planner-limit': { exit: 3, says: 'The plan was not found within the limit.', hint: 'Narrow it with --only.' },
  'verification-failed': {
    exit: 3,
    says: 'The result did not pass verification, so nothing was written.',
    hint: 'Please report this with the plan’s JSON.',
  },
  'receipt-invalid': { exit: 3, says: 'The receipt cannot be used.', hint: 'Name a file from .suture/receipts, or none for the newest.' },
  'receipt-signature': {
    exit: 3,
    says: 'The receipt’s signature does not verify.',
    hint: 'Check the key, and where the receipt came from.',
  },
  'undo-conflict': {
    exit: 3,
    says: 'The change cannot be taken back because later changes touch the same place.',
    hint: 'Take back the later changes first.',
  },
  'checks-failed': { exit: 1, says: 'The checks failed even without any change.', hint: 'Make the test command pass first.' },
  'git-failed': { exit: 3, says: 'Git refused.', hint: 'See what git said.' },
  'native-failed': {
    exit: 3,
    says: 'npm did not accept the result, so nothing was written.',
    hint: 'Run with --no-native to skip npm’s own check, at your own risk.',
  },
  'key-invalid': { exit: 3, says: 'The signing key cannot be used.', hint: 'Give an Ed25519 or ECDSA P-256 private key in PEM form.' },
  'not-found': { exit: 2, says: 'Nothing by that name is in this target.', hint: 'Run suture scan to see what is.' },
  internal: { exit: 3, says: 'Suture met a state it did not expect.', hint: 'Please report this.' },
} as const satisfies Record<string, { exit: 1 | 2 | 3; says: string; hint: string }>

export type FaultCode = keyof typeof FAULTS

/** A failure with a stable code, one sentence about what happened, and what to do next. */
export class Fault extends Error {
  readonly code: FaultCode
  readonly hint: string

  constructor(code: FaultCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'Fault'
    this.code = code
    this.hint = options.hint ?? FAULTS[code].hint
  }

  get exit(): 1 | 2 | 3 {
    return FAULTS[this.code].exit
  }
}
