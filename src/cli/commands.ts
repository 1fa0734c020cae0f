// The table of what the command `heddle` can do: a file for each, loaded when it is asked for.

import type { Subcommand } from './subcommand.js';

export interface Entry {
  /** For the list, in a few words. */
  readonly summary: string;
  load(): Promise<{ readonly command: Subcommand }>;
}

export const commands: Readonly<Record<string, Entry>> = {
  run: { summary: 'a program, whose reports say where locks were made', load: () => import('./run.js') },
  race: { summary: 'a program, and tell its data races', load: () => import('./race.js') },
  trace: { summary: 'a program, and show when its threads did what', load: () => import('./trace.js') },
  test: { summary: 'tests, and look for data races', load: () => import('./test.js') },
  worker: { summary: 'takes tasks of a cluster, and runs them on threads', load: () => import('./worker.js') },
};
