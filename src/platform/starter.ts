// What a worker runs first.

import { evaluateLibrary } from './joined.js';

/** `require` is what gives builtin modules there. */
const starting = (require: string): string => `
  const { role, scripts } = ${require}('node:worker_threads').workerData;
  const loaded = (${evaluateLibrary})(${require}, scripts, role);
  if (role === 'thread') loaded.faces.serve();
`;

/** A script, or the URL of a module. `preloads`: its options, of which some say what is to be loaded before the program. */
export const beginning = (preloads: readonly string[] | undefined): string | URL =>
  preloads === undefined ? script() : new URL(`data:text/javascript,${encodeURIComponent(module())}`);

/** Node gives it globals that a thread has not. */
const script = (): string => `(() => {
  const { require: given } = globalThis;
  for (const name of ['require', 'module', 'exports', '__filename', '__dirname']) delete globalThis[name];
  ${starting('given')}
})();`;

/** Before a module Node runs what the program has said by `--import`, which it does not before a script. */
const module = (): string => `
  import { createRequire } from 'node:module';
  const given = createRequire(process.execPath);
  ${starting('given')}
`;
