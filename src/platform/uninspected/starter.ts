// As ../starter.ts, where a script has no `require` among its globals.

import { evaluateLibrary } from '../joined.js';

export const workerScript = (): string => `(() => {
  const given = process.getBuiltinModule('node:module').createRequire(process.execPath);
  for (const name of ['require', 'module', 'exports', '__filename', '__dirname']) delete globalThis[name];
  const { role, scripts } = given('node:worker_threads').workerData;
  const loaded = (${evaluateLibrary})(given, scripts, role);
  if (role === 'thread') loaded.faces.serve();
})();`;

/** No other module is to be run before it that would not run before the script. */
export const workerModule = workerScript;
