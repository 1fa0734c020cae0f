// The package as users get it: packed, and installed into a project of its own.

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from './program.ts';

const run = promisify(execFile);
const shell = process.platform === 'win32';

/** How often an installation is tried: the network may be slow, or away for a moment. */
const TRIES = 4;

export interface Packed {
  readonly filename: string;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

/** Packs into a folder. As `npm pack` does it, but beside dist/, which other tests use at the same time. */
export async function pack(folder: string): Promise<Packed> {
  const staged = join(folder, 'staged');
  await run(process.execPath, [join(root, 'scripts', 'bundle.mjs'), `--to=${staged}`]);
  const { stdout } = await run('npm', ['pack', staged, '--json', '--ignore-scripts', '--pack-destination', folder], {
    cwd: root,
    shell,
  });
  // npm prints a list, or from version 12 on an object by package name.
  return Object.values(JSON.parse(stdout) as Packed[] | Record<string, Packed>)[0]!;
}

/** Installs packages into the project in a folder. */
export async function install(folder: string, packages: readonly string[]): Promise<void> {
  const options = ['--prefer-offline', '--no-audit', '--no-fund'];
  for (let tries = 1; ; tries++) {
    try {
      await run('npm', ['install', ...options, ...packages], { cwd: folder, shell, maxBuffer: 1e8 });
      return;
    } catch (error) {
      // What no repetition will mend, such as a version that is not there, is an error at once.
      if (
        tries === TRIES ||
        !/\bE(TIMEDOUT|CONNRESET|CONNREFUSED|AI_AGAIN|NOTFOUND|SOCKETTIMEOUT|[45]\d\d)\b|network/i.test(String(error))
      )
        throw error;
      await new Promise((resolve) => setTimeout(resolve, tries * 5_000));
    }
  }
}
