// A module of ours with a bug: its compiled text, with one passage replaced by another. So the mutants cannot drift away from what they are
// mutants of; a passage that is not there any more fails the test.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from '../support/program.ts';

const folder = join(root, 'build', 'mutants');
let count = 0;

/**
 * Imports `sync/rwlock.js`, say, with `passage` replaced; or the module `over`, which imports that one. All else that they import are the
 * modules that everybody has.
 */
export async function mutated<T>(path: string, passage: string, replacement: string, over?: string): Promise<T> {
  const text = textOf(path);
  if (text.split(passage).length !== 2) throw new Error(`dist/${path} does not have once: ${passage}`);
  const mutant = written(
    path,
    text.replace(passage, () => replacement),
  );
  return (await import(over === undefined ? mutant : written(over, textOf(over), { [path]: mutant }))) as T;
}

const textOf = (path: string): string => readFileSync(join(root, 'dist', path), 'utf8');

/** The URL of a module with this text, which imports what lies beside `path`, or what stands there instead. */
function written(path: string, text: string, instead: Readonly<Record<string, string>> = {}): string {
  const beside = (specifier: string): string => {
    const target = posix.join(posix.dirname(path), specifier);
    return instead[target] ?? pathToFileURL(join(root, 'dist', target)).href;
  };
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${process.pid}-${count++}.mjs`);
  const pattern = /(from|import) '(\.[^']+)'/g;
  writeFileSync(
    file,
    text.replaceAll(pattern, (_, word: string, specifier: string) => `${word} '${beside(specifier)}'`),
  );
  return pathToFileURL(file).href;
}
