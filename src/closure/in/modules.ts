// What code expects of the module around it: `import.meta` of an ES module, `module` of a CommonJS one.
import { asPath, asUrl, requireFrom, resolveFrom } from '../../platform/modules.js';

const metas = new Map<string, object>();

/** `import.meta` of the module at a URL or path. */
export function metaOf(file: string): object {
  let meta = metas.get(file);
  if (!meta) {
    const url = asUrl(file);
    const filename = asPath(url);
    const resolve = (specifier: string): string => resolveFrom(url, specifier);
    meta = Object.assign(Object.create(null), { url, resolve, main: false });
    if (filename !== undefined) Object.assign(meta as object, { filename, dirname: folderOf(filename) });
    metas.set(file, meta as object);
  }
  return meta as object;
}

/** The file was not evaluated here: its exports are what they were where the code comes from. */
export function moduleObjectOf(file: string): object {
  return {
    id: file,
    path: folderOf(file),
    filename: file,
    loaded: true,
    exports: {},
    children: [],
    paths: [],
    require: requireFrom(file),
  };
}

const folderOf = (path: string): string => path.replace(/[\\/][^\\/]*$/, '') || '/';
