// The first module of every worker that runs no code of the program: loads what it is for.

import { boot } from './boot.js';

void help(boot());

async function help(role: string): Promise<void> {
  if (role === 'supervisor') (await import('./runtime/supervise.js')).supervise();
  else if (role === 'collector') (await import('./runtime/collector.js')).collect();
  else if (role === 'sigint') (await import('./runtime/sigint-worker.js')).watchForSigint();
  else (await import('./runtime/quit.js')).watchQuit();
}
