// Programs that run in a context of `node:vm`, as Jest runs tests, and vitest in some of its pools: such a context has a `process`, an
// `Object` and a module registry of its own, one for each test file. There is one memory and one set of threads for the whole process, so
// this library is loaded once, in the process's own context, and all contexts use that.
//
// The package's entries ask here which instance to export. In a context the modules that an entry imports have been evaluated for nothing:
// they stay unused. (Only an asynchronous entry could leave them out, and a program with one cannot be loaded by `require()`.)

import { SEGMENT_SHIFT } from './memory/layout.js';
import { SEAT } from './memory/seat.js';
import { Wasm } from './memory/wasm.js';
import { commonjsModules, isInside, requireOutside } from './platform/outside.js';

/** In pages of WebAssembly: a memory with which the unused modules can be evaluated. */
const SMALL = { initial: 2 ** (SEGMENT_SHIFT - 16), maximum: 4096 };

/** For an entry at a file URL that has imported `own`: the exports of the instance that is used here. */
export function chosen(own: object, url: string): object {
  return isInside ? requireOutside(url, commonjsModules(url)) : own;
}

if (isInside) {
  // The unused modules have a memory of their own, and may be loaded again.
  const memory = new Wasm.Memory({ ...SMALL, shared: true });
  Object.defineProperty(globalThis, SEAT, { value: { memory, slot: 0 }, configurable: true });
}
