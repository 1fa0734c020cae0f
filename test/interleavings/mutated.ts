// A module of ours with a bug: its compiled text, with one passage replaced by another. So the mutants cannot drift away from what they are
// mutants of; a passage that is not there any more fails the test.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from '../support/program.ts';

const folder = join(root, 'build', 'mutants');
let count = 0;

/** Imports `sync/rwlock.js`, say, with `passage` replaced. What it imports are the modules that everybody has. */
export async function mutated<T>(path: string, passage: string, replacement: string): Promise<T> {
  const text = readFileSync(join(root, 'dist', path), 'utf8');
  if (text.split(passage).length !== 2) throw new Error(`dist/${path} does not have once: ${passage}`);
  const beside = (specifier: string) =>
    pathToFileURL(join(root, 'dist', posix.join(posix.dirname(path), specifier))).href;
  const mutant = text
    .replace(passage, () => replacement)
    .replaceAll(/(from|import) '(\.[^']+)'/g, (_, word: string, specifier: string) => `${word} '${beside(specifier)}'`);
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${process.pid}-${count++}.mjs`);
  writeFileSync(file, mutant);
  return (await import(pathToFileURL(file).href)) as T;
}
