// As ../starter.ts, where a script has no `require` among its globals, and nothing is loaded before it.

import { evaluateLibrary } from '../joined.js';
import { fileURLToPath } from '../modules.js';

/** A script. `preloads`: what loads the modules of the program. */
export const beginning = (preloads: readonly string[] | undefined): string => `(() => {
  const given = process.getBuiltinModule('node:module').createRequire(process.execPath);
  for (const name of ['require', 'module', 'exports', '__filename', '__dirname']) delete globalThis[name];
  const { role, scripts } = given('node:worker_threads').workerData;
  const loaded = (${evaluateLibrary})(given, scripts, role);
  for (const path of ${JSON.stringify(pathsIn(preloads))}) given(path);
  if (role === 'thread') loaded.faces.serve();
})();`;

const pathsIn = (preloads: readonly string[] = []): string[] =>
  preloads.filter((each) => each.startsWith('file:')).map((url) => fileURLToPath(url));
