// What lies beside the library, and is loaded when it is asked for: the tools. In the package that users get it is a file of its own, and the
// build puts another module in the place of this one (scripts/bundle.mjs), which does the same there.

import { createRequire } from 'node:module';

/** What the library asks of the tools. */
export interface Tools {
  /** By the main thread, before it does anything else: makes what the tools share that the environment asks for. */
  prepare(asked: Readonly<Record<string, string>>): void;
  /** Turns on what is asked for, in this thread. */
  install(): void;
}

const require = createRequire(import.meta.url);

export const loadTools = (): Tools => require('../tools/install.js') as Tools;
