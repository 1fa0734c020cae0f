// Programs that run in a context of `node:vm`, as Jest runs tests, and vitest in some of its pools: such a context has a `process`, an
// `Object` and a module registry of its own, one for each test file. There is one memory and one set of threads for the whole process, so
// this library is loaded once, in the process's own context, and all contexts use that.
//
// The package's entries ask here which instance to export.

import { commonjsModules, isInside, requireOutside } from './platform/outside.js';

/** For an entry at a file URL: the exports of the instance that is used here. `own` gives those of the one that belongs to this context. */
export function chosen(own: () => object, url: string): object {
  return isInside ? requireOutside(url, commonjsModules(url)) : own();
}
