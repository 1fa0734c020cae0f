// docs/errors.md has every refusal: the texts are read off the sources.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '../support/program.ts';

const page = readFileSync(join(root, 'docs', 'errors.md'), 'utf8');
const folder = join(root, 'src', 'closure');
const TEXT = /(['"`])((?:\\.|(?!\1)[^\\])*)\1/.source;

/** What a text has between its variable parts, the longest first. */
function constantParts(text: string): string[] {
  const parts = text.replaceAll(/\$\{(?:[^{}]|\{[^{}]*\})*\}?/g, '\0').split('\0');
  return parts.map((part) => part.replaceAll(/^[\s,;:()']+|[\s,;:()']+$/g, '')).sort((a, b) => b.length - a.length);
}

function refusals(): string[] {
  const found: string[] = [];
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.ts'),
  )) {
    const source = readFileSync(join(folder, name), 'utf8');
    for (const before of ['\\bwhy: ', '\\bstays\\(\\s*', '\\bnew CaptureError\\(\\s*']) {
      for (const match of source.matchAll(new RegExp(before + TEXT, 'g'))) found.push(match[2]!);
    }
  }
  return found;
}

test('every refusal of closures is on the page', () => {
  const texts = refusals();
  assert.ok(texts.length > 25, `${texts.length} found`);
  const missing = texts.filter((text) => {
    const [longest = ''] = constantParts(text);
    // What is all variable is named by its parts elsewhere.
    if (longest.length < 8) return false;
    const words = longest.split(/\s+/);
    // The page may leave out the end of a long text.
    const start = words.slice(0, 6).join(' ');
    return !page.includes(longest) && !page.includes(start);
  });
  assert.deepEqual(missing, []);
});
