// The modules of a package that the program imports. An export is found in the module that defines it, and the package's entry may complete it
// there: so a thread imports the entry first, as the program has done.
import { asUrl, programUrl } from '../../platform/modules.js';
import type { Export } from '../exports.js';
import type { Entry } from '../graph.js';
import { parsedFile } from '../text/declarations.js';
import { isOwnExport } from '../text/installed.js';
import type { Syntax } from '../text/parse.js';
import { urlOf } from '../text/sites.js';
import { fileSource } from '../text/sources.js';
import { packageNameOf } from '../values/insides.js';
import type { Path } from '../values/paths.js';

/** The same export, to be imported after what the program imports of its package. `path` is how the program came to it. */
export function afterEntries(found: Export, path: Path): Export {
  if (found.tag !== 'import' || found.payload.base !== found.payload.specifier || isOwnExport(found.payload))
    return found;
  const name = packageNameOf(found.payload.specifier);
  if (name === undefined) return found;
  const after: Entry[] = [];
  for (let at: Path | undefined = path; at; at = at.up ?? at.capture?.through) {
    const file = at.capture?.file;
    if (file !== undefined) after.push(...entriesOf(file, name));
  }
  if (after.length === 0) after.push(...entriesOf(programUrl(), name));
  return after.length === 0 ? found : { tag: 'import', payload: { ...found.payload, after } };
}

const known = new Map<string, readonly Entry[]>();

/** What a module of the program imports of a package. */
function entriesOf(file: string, name: string): readonly Entry[] {
  const key = `${file} ${name}`;
  let entries = known.get(key);
  if (!entries) {
    entries = specifiersOf(file)
      .filter((specifier) => specifier === name || packageNameOf(urlOf(file, specifier)) === name)
      .map((specifier) => ({ base: asUrl(file), specifier }));
    known.set(key, entries);
  }
  return entries;
}

function specifiersOf(file: string): string[] {
  const source = fileSource(file);
  if (!source || packageNameOf(file) !== undefined) return [];
  // A file with types in it is no JavaScript; what it imports is told well enough by its text.
  const parsed = parsedFile(source);
  const statements = (parsed?.program['body'] as Syntax[] | undefined) ?? [];
  if (!parsed)
    return [...source.text.matchAll(/\b(?:from|import)\s*['"]([^'"]+)['"]/g)].map(([, specifier]) => specifier!);
  return statements
    .filter(({ type }) => /^(?:Import|Export)\w*Declaration$/.test(type))
    .map((statement) => (statement['source'] as Syntax | null | undefined)?.['value'] as string | undefined)
    .filter((specifier) => specifier !== undefined);
}
