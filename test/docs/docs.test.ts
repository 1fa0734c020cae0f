// The programs in the documentation run. A ```ts block that imports Heddle is a program; a ```text block right after it is what it
// prints.

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { transform } from 'esbuild';
import { program, root } from '../support/program.ts';

const documents = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

interface Block {
  readonly line: number;
  readonly source: string;
  readonly output: string | undefined;
}

function programsOf(text: string): Block[] {
  const blocks = text.matchAll(/^```ts\n([\s\S]*?)^```\n(?:\n```text\n([\s\S]*?)^```\n)?/gm);
  return [...blocks]
    .map(({ index, 1: source = '', 2: output }) => ({ line: text.slice(0, index).split('\n').length, source, output }))
    .filter(({ source }) => /from 'heddle[^']*'/.test(source));
}

for (const document of documents) {
  const text = readFileSync(join(root, document), 'utf8');

  for (const { line, source, output } of programsOf(text)) {
    test(`${document}:${line} runs`, async () => {
      const { code } = await transform(source, { loader: 'ts', target: 'es2022', tsconfigRaw: {} });
      const outcome = await program(code);
      assert.deepEqual([outcome.stderr, outcome.status], ['', 0]);
      if (output !== undefined) assert.equal(outcome.stdout, output);
    });
  }

  test(`${document}: its links within the repository lead somewhere`, () => {
    const targets = [...text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map((match) => match[1]!);
    const missing = targets.filter((target) => !existsSync(join(root, dirname(document), target)));
    assert.deepEqual(missing, []);
  });
}

test('the README opens with the two commands', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const opening = readme.split('\n').slice(0, 12).join('\n');
  assert.match(opening, /npm ci && npm start/);
  assert.match(opening, /npm ci && npm test/);
});
