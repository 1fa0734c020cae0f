// Modules of the host: builtins, resolution, `require`, `import()`, and the module cache of CommonJS.
import { realpathSync } from 'node:fs';
import { builtinModules, createRequire, isBuiltin as isBuiltinName } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isModuleNamespaceObject } from './kinds.js';
import { guest } from './outside.js';
import { evaluate } from './script.js';

export { fileURLToPath, pathToFileURL };

// What it is asked for has a place of its own: this library may have none.
const here = createRequire(process.execPath);

const builtins = new Map<string, unknown>();

/** A builtin module's exports. Synchronous, unlike `import()`; `id` with or without `node:`. */
export function builtin(id: string): unknown {
  const known = builtins.get(id);
  if (known !== undefined) return known;
  const exports: unknown = here(id.startsWith('node:') ? id : `node:${id}`);
  builtins.set(id, exports);
  return exports;
}

export const isBuiltin: (specifier: string) => boolean = isBuiltinName;

/** Builtin modules that this thread has already loaded: asking for any other would load it. */
export function loadedBuiltins(): string[] {
  const loaded = new Set(
    (process as unknown as { moduleLoadList?: string[] }).moduleLoadList?.map((entry) =>
      entry.replace(/^NativeModule /, ''),
    ),
  );
  return builtinModules.filter((id) => !id.startsWith('_') && loaded.has(id.replace(/^node:/, '')));
}

/** Changes when this thread loads another builtin module. */
export function loadedCount(): number {
  return (process as unknown as { moduleLoadList?: string[] }).moduleLoadList?.length ?? 0;
}

/**
 * The namespace of an ES module that this thread has imported, or what `require()` has in its place; undefined where it cannot be had without waiting, as after a top-level
 * `await`. Nothing is evaluated, and the module does not come to stand among those of CommonJS.
 */
export function loadedNamespace(url: string): object | undefined {
  const { emitWarning } = process;
  // Node warns of it in some versions.
  process.emitWarning = () => {};
  const path = asPath(url);
  try {
    if (path === undefined || path in here.cache) return undefined;
    const namespace: unknown = here(path);
    delete here.cache[path];
    return isModuleNamespaceObject(namespace) ? (namespace as object) : undefined;
  } catch {
    return undefined;
  } finally {
    process.emitWarning = emitWarning;
  }
}

/** `require` as a module at `base` (path or file URL) has it. */
export const requireFrom = (base: string): NodeJS.Require => createRequire(base);

type Modules = NodeJS.Dict<NodeJS.Module>;

/** All CommonJS modules this thread has loaded, by file name, also those of a test that runs in another context. */
export function commonjsCache(): Modules {
  const guests = guest()?.modules as Modules | undefined;
  if (guests === undefined) return here.cache;
  const files = Object.keys(guests);
  const key = `${files.length} ${Object.keys(here.cache).length}`;
  if (joined.guests !== guests || joined.key !== key) joined = { guests, key, modules: join(guests, files) };
  return joined.modules;
}

let joined: { readonly guests?: Modules; readonly key?: string; readonly modules: Modules } = { modules: {} };

/** The guests come first: they are what the program sees. Jest lists its ES modules too. */
function join(guests: Modules, files: readonly string[]): Modules {
  const modules: Modules = Object.create(null);
  for (const file of files) {
    const module = guests[file];
    if (module?.exports !== undefined && !isModuleNamespaceObject(module.exports)) modules[file] = module;
  }
  for (const [file, module] of Object.entries(here.cache)) modules[file] ??= module;
  return modules;
}

export const commonjsModuleClass = (): unknown => (builtin('module') as { Module: unknown }).Module;

/** Where text imports from that has no file. */
const NOWHERE = pathToFileURL(`${process.cwd()}/[text]`).href;

type Import = (specifier: string, options?: object) => Promise<Record<string, unknown>>;
const importers = new Map<string, Import>();

/** `import()` as the code at `base` (path or file URL) has it. */
export function importFrom(base: string): Import {
  let importer = importers.get(base);
  if (!importer) {
    const source = '(specifier, options) => import(specifier, options)';
    importer = evaluate(source, { filename: base || NOWHERE, dynamicImport: true }) as Import;
    importers.set(base, importer);
  }
  return importer;
}

/** A file URL for a path or file URL, and any other URL as it is. */
export function asUrl(place: string): string {
  if (/^[a-z][a-z+.-]+:/i.test(place)) return place;
  return place.startsWith('/') || /^[a-z]:/i.test(place) ? pathToFileURL(place).href : place;
}

/** The path of a file URL or path; undefined for what is not a file. */
export function asPath(place: string): string | undefined {
  if (place.startsWith('file:')) {
    try {
      return fileURLToPath(place);
    } catch {
      return undefined;
    }
  }
  return place.startsWith('/') || /^[a-z]:[\\/]/i.test(place) ? place : undefined;
}

/** What `import.meta.resolve` answers in a module at `base`. */
export function resolveFrom(base: string, specifier: string): string {
  if (/^\.{0,2}\//.test(specifier)) return new URL(specifier, base).href;
  if (isBuiltin(specifier)) return specifier.startsWith('node:') ? specifier : `node:${specifier}`;
  if (/^[a-z][a-z+.-]+:/i.test(specifier)) return new URL(specifier).href;
  return pathToFileURL(requireFrom(base).resolve(specifier)).href;
}

/** URL of the file that the program was started with; '' when there is none. */
export function programUrl(): string {
  const [, path] = process.argv;
  try {
    return path ? pathToFileURL(realpathSync(path)).href : '';
  } catch {
    return '';
  }
}

/** The host's number for this thread; unique in the process. */
export const threadId = (): number => (builtin('worker_threads') as typeof import('node:worker_threads')).threadId;
