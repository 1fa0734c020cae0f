// Workers that run no code of the program.

import type { Role } from './platform/worker.js';
import { collect } from './runtime/collector.js';
import { watchQuit } from './runtime/quit.js';
import { watchForSigint } from './runtime/sigint-worker.js';
import { supervise } from './runtime/supervise.js';

type Helper = Exclude<Role, 'thread'>;

const HELPERS: Readonly<Record<Helper, () => void>> = {
  supervisor: supervise,
  collector: collect,
  sigint: watchForSigint,
  quit: watchQuit,
};

/** Makes this worker what it is for. Some never return. */
export function help(role: Helper): void {
  HELPERS[role]();
}
