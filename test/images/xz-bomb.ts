/** Streams of xz one after the other, each 1 MiB of line feeds in 284 bytes, made once with xz -9. */
const STREAM = Buffer.from(
  [
    '/Td6WFoAAATm1rRGAgAhARwAAAAQz1jM7///ANldAAVv+7/+o7Fe5fg/sqomVfhocEFwFQ+N/R5MG4pCtxn0aRhxrmYjiopNL6MN2X+m44wjEV',
    'PgWRjFdYrid/i2lH8MasDedElk4ulcU7IE2PdEDKtfDW1G6eXDdoi3llestk3haR1v+0uIEGxCy4g/XACP0E6vJiiUcR89jyThcJ6nI1/sKMuF',
    '0ZWYin4qkfIndfcZwAaYTZj92K/VkA/EJVP49ZE2MQWlsO5vwXBNRwzRkRGqrWAdus6xJxhcWYbpZlJYvul2rFnk5VsFCPnH2q38+1Iq9+SVJQ',
    'AAAAAA5fFEebgnGKsAAfUBgIBAAHmXf0exxGf7AgAAAAAEWVo=',
  ].join(''),
  'base64',
)

export function xzBomb(mebibytes: number): Buffer {
  return Buffer.concat(new Array<Buffer>(mebibytes).fill(STREAM))
}
