// What a worker runs first.

import { evaluateLibrary } from './joined.js';

/** `require` is what gives builtin modules there. */
const starting = (require: string): string => `
  const { role, scripts } = ${require}('node:worker_threads').workerData;
  const loaded = (${evaluateLibrary})(${require}, scripts, role);
  if (role === 'thread') loaded.faces.serve();
`;

/** As a script. Node gives it globals that a thread has not. */
export const workerScript = (): string => `(() => {
  const { require: given } = globalThis;
  for (const name of ['require', 'module', 'exports', '__filename', '__dirname']) delete globalThis[name];
  ${starting('given')}
})();`;

/** As an ES module: before one Node runs what the program has said by `--import`, which it does not before a script. */
export const workerModule = (): string => `
  import { createRequire } from 'node:module';
  const given = createRequire(process.execPath);
  ${starting('given')}
`;
