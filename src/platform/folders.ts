// Files and folders of installed packages, as far as versions need to be known.

import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';

export { dirname, join };

export const exists = (path: string): boolean => existsSync(path);

/** The path without links, or as it is if there is no such file. */
export function realPath(path: string): string {
  try {
    return realpathSync(resolve(path));
  } catch {
    return resolve(path);
  }
}

/** The folder in which the program was started. */
export const workingFolder = (): string => process.cwd();

/** `file` as it is called from `root`, with slashes; undefined if it lies outside. */
export function below(root: string, file: string): string | undefined {
  const path = relative(root, file).split(sep).join('/');
  return path.startsWith('../') || path === '..' || /^(?:[a-z]:|\/)/i.test(path) ? undefined : path;
}

/** What a package's own package.json says. */
export function packageIn(folder: string): { readonly name?: string; readonly version?: string } | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name?: string; version?: string };
  } catch {
    return undefined;
  }
}

/** The packages in the node_modules of a folder, with their versions. */
export function installedPackages(root: string): Record<string, string> {
  const found: Record<string, string> = {};
  const look = (folder: string, scope: string): void => {
    let names: string[];
    try {
      names = readdirSync(folder);
    } catch {
      return;
    }
    for (const name of names) {
      if (name.startsWith('.')) continue;
      if (name.startsWith('@') && scope === '') look(join(folder, name), `${name}/`);
      else {
        const version = packageIn(join(folder, name))?.version;
        if (version !== undefined) found[scope + name] = version;
      }
    }
  };
  look(join(root, 'node_modules'), '');
  return found;
}
