// C0 (but not line feed and tab), DEL, C1, bidirectional and invisible formatting, line and paragraph separators.
const UNSAFE = /[\0-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g
// ECMA-48 control sequences and operating system commands, whole: what is left of a half-removed one is noise.
const SEQUENCE = /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]|(?:\u001b\]|\u009d)[^\u0007\u001b\u009c]*(?:\u0007|\u001b\\|\u009c)?/g

/** What a foreign program printed, without anything that could move a cursor or reorder text. */
export function printable(text: string): string {
  return text.replace(SEQUENCE, '').replace(/\r\n?/g, '\n').replace(UNSAFE, '')
}
