// The machine and the process, as others know them.

import { hostname } from 'node:os';

export const machine = (): { readonly host: string; readonly pid: number; readonly node: string } => ({
  host: hostname(),
  pid: process.pid,
  node: process.versions.node,
});
