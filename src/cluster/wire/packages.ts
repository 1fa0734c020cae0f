// Packages by name and version: they do not travel, each machine has its own. Which of them a message uses stands in its header, and is
// looked at before anything of it is read.

import { below, dirname, exists, join, packageIn } from '../../platform/folders.js';
import { asPath, asUrl, requireFrom } from '../../platform/modules.js';
import { PackageMismatch } from '../errors.js';
import type { PackageUse } from './seal.js';

const INSTALLED = /^(.*[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+))(?:[\\/](.*))?$/;

const versions = new Map<string, string | undefined>();

function versionIn(folder: string): string | undefined {
  if (!versions.has(folder)) versions.set(folder, packageIn(folder)?.version);
  return versions.get(folder);
}

/** A file of an installed package: the package, and the file in it. */
export interface PackageFile {
  readonly name: string;
  readonly path: string;
}

/** Notes down what packages a message uses. */
export class PackageList {
  readonly #root: string;
  readonly #uses = new Map<string, { name: string; version: string; at: string; files: Set<string> }>();

  constructor(root: string) {
    this.#root = root;
  }

  /** The package that a file (path or URL) belongs to; undefined if to none. */
  file(place: string): PackageFile | undefined {
    const [, folder, name, path = ''] = INSTALLED.exec(asPath(place) ?? place) ?? [];
    if (folder === undefined || name === undefined) return undefined;
    this.#use(name.replaceAll('\\', '/'), folder)?.files.add(path);
    return { name: name.replaceAll('\\', '/'), path };
  }

  /** What an import of a package by its name uses. */
  named(base: string, specifier: string): void {
    const name = /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0];
    if (name === undefined || specifier.startsWith('#')) return;
    const folder = folderOf(base, specifier, name);
    if (folder !== undefined) this.#use(name, folder);
  }

  add(uses: readonly PackageUse[]): void {
    for (const { name, version, at, files } of uses) {
      const known = this.#uses.get(`${name}@${version}`);
      if (known) for (const file of files) known.files.add(file);
      else this.#uses.set(`${name}@${version}`, { name, version, at, files: new Set(files) });
    }
  }

  list(): PackageUse[] {
    return [...this.#uses.values()].map((use) => ({ ...use, files: [...use.files] }));
  }

  #use(name: string, folder: string): { files: Set<string> } | undefined {
    const version = versionIn(folder);
    if (version === undefined) return undefined;
    const key = `${name}@${version}`;
    let use = this.#uses.get(key);
    if (use === undefined) {
      use = { name, version, at: below(this.#root, folder) ?? '', files: new Set() };
      this.#uses.set(key, use);
    }
    return use;
  }
}

/** Where a package lies that a module imports by name. */
function folderOf(base: string, specifier: string, name: string): string | undefined {
  try {
    const [, folder] = INSTALLED.exec(requireFrom(asUrl(base)).resolve(specifier)) ?? [];
    if (folder !== undefined) return folder;
  } catch {
    // It is there for `import` alone: then its folder is looked for.
  }
  let folder = dirname(asPath(base) ?? base);
  for (;;) {
    const found = join(folder, 'node_modules', name);
    if (exists(found)) return found;
    if (dirname(folder) === folder) return undefined;
    folder = dirname(folder);
  }
}

/** 'compatible': the same major version, of 0.x the same minor one. 'exact': the same version. */
export type VersionPolicy = 'compatible' | 'exact';

export function isCompatible(one: string, other: string, policy: VersionPolicy): boolean {
  if (one === other) return true;
  if (policy === 'exact') return false;
  const line = (version: string): string => /^(?:0\.\d+|\d+)/.exec(version)?.[0] ?? version;
  // What is not released yet promises nothing.
  return line(one) === line(other) && !one.includes('-') && !other.includes('-');
}

/** The packages of this machine, below a root. */
export class Installed {
  readonly #root: string;
  readonly #policy: VersionPolicy;
  readonly #folders = new Map<string, string>();

  constructor(root: string, policy: VersionPolicy) {
    this.#root = root;
    this.#policy = policy;
  }

  /** @throws PackageMismatch if one of them is not here, or in a version that will not do. */
  check(uses: readonly PackageUse[]): void {
    for (const use of uses) this.#check(use);
  }

  #check(use: PackageUse): void {
    const folder = this.folder(use);
    const missing = use.files.find((file) => !exists(join(folder, file)));
    if (missing === undefined) return;
    throw new PackageMismatch(
      `package '${use.name}' is ${use.version} where the task was submitted and ${versionIn(folder)} at the worker, which has no file ` +
        `'${missing}': ${this.#install(use)}`,
    );
  }

  folder({ name, version, at }: Pick<PackageUse, 'name' | 'version' | 'at'>): string {
    const key = `${name}@${version}`;
    let folder = this.#folders.get(key);
    if (folder === undefined) {
      folder = this.#find(name, version, at);
      this.#folders.set(key, folder);
    }
    return folder;
  }

  #find(name: string, version: string, at: string): string {
    const places = [...new Set([at, `node_modules/${name}`])].filter(
      (place) => place !== '' && !place.startsWith('..'),
    );
    const found = places.map((place) => join(this.#root, place));
    for (let up = dirname(this.#root); dirname(up) !== up; up = dirname(up)) found.push(join(up, 'node_modules', name));
    const there = found.filter((folder) => versionIn(folder) !== undefined || exists(folder));
    const [first] = there;
    if (first === undefined) {
      throw new PackageMismatch(
        `package '${name}', ${version} where the task was submitted, is not installed at the worker: ${this.#install({ name, version })}`,
      );
    }
    const fit = there.find((folder) => isCompatible(versionIn(folder) ?? '', version, this.#policy));
    if (fit !== undefined) return fit;
    throw new PackageMismatch(
      `package '${name}' is ${version} where the task was submitted and ${versionIn(first)} at the worker` +
        `${this.#policy === 'exact' ? ', which takes the same version only' : ''}: ${this.#install({ name, version })}`,
    );
  }

  #install({ name, version }: { name: string; version: string }): string {
    return `npm i ${name}@${version} in ${this.#root}`;
  }

  /** What was found once is looked for again: somebody has installed packages. */
  forget(): void {
    this.#folders.clear();
    versions.clear();
  }
}
