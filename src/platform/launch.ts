// Another process of this Node.

import { spawn } from 'node:child_process';

const SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'];
/** As shells give it for a process that a signal has ended. */
const SIGNALLED = 128;

/** Runs Node with these words and, in addition, these variables; the status with which it ends. It has this process's streams. */
export function launch(words: readonly string[], variables: Readonly<Record<string, string>>): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, words, { stdio: 'inherit', env: { ...process.env, ...variables } });
    // The terminal sends Ctrl-C to both; what else comes is passed on.
    const passOn = (signal: NodeJS.Signals): void => {
      if (signal !== 'SIGINT') child.kill(signal);
    };
    for (const signal of SIGNALS) process.on(signal, passOn);
    child.on('error', reject);
    child.on('exit', (status) => {
      for (const signal of SIGNALS) process.off(signal, passOn);
      resolve(status ?? SIGNALLED);
    });
  });
}
