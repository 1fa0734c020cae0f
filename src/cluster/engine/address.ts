// Which engine an address means.

/** As the client of Redis calls them. */
export const REDIS: Readonly<Record<string, string>> = {
  'redis:': 'redis:',
  'rediss:': 'rediss:',
  'valkey:': 'redis:',
  'valkeys:': 'rediss:',
};
const POSTGRES = ['postgres:', 'postgresql:'];

/** @throws TypeError for what is no address of an engine. The password is in no message. */
export function checkAddress(address: unknown): asserts address is string {
  const known = `${[...Object.keys(REDIS), ...POSTGRES].join(' ')}, as in redis://host:6379 or postgres://user:password@host/database`;
  if (typeof address !== 'string' || address === '') throw new TypeError(`a cluster needs an address: ${known}`);
  let protocol: string;
  try {
    ({ protocol } = new URL(address));
  } catch {
    throw new TypeError(`'${address.replace(/\/\/.*@/, '//…@')}' is not an address: known are ${known}`);
  }
  if (!(protocol in REDIS) && !POSTGRES.includes(protocol)) {
    throw new TypeError(`there is no engine for the address '${protocol}//…': known are ${known}`);
  }
}

/** The address without its password, for messages. */
export function showAddress(address: string): string {
  const url = new URL(address);
  if (url.password !== '') url.password = '***';
  return url.href;
}
