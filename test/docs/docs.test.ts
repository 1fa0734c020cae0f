// The programs in the documentation run. A ```ts block that imports Heddle is a program; a ```text block right after it is what it
// prints.

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
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

const register = join(root, 'build', 'joined', 'dist', 'transform', 'register.js');

interface Block {
  readonly line: number;
  readonly source: string;
  readonly output: string | undefined;
  /** It is transformed as it is loaded. */
  readonly transformed: boolean;
}

function programsOf(text: string): Block[] {
  const blocks = text.matchAll(/^```ts( transformed)?\n([\s\S]*?)^```\n(?:\n```text\n([\s\S]*?)^```\n)?/gm);
  return [...blocks]
    .map(({ index, 1: mark, 2: source = '', 3: output }) => ({
      line: text.slice(0, index).split('\n').length,
      source,
      output,
      transformed: mark !== undefined,
    }))
    .filter(({ source }) => /from 'heddle[^']*'/.test(source));
}

/** What links call the headings of a page. */
function headingsOf(path: string): string[] {
  const headings = readFileSync(join(root, path), 'utf8').matchAll(/^#+ (.+)$/gm);
  return [...headings].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

for (const document of documents) {
  const text = readFileSync(join(root, document), 'utf8');

  for (const { line, source, output, transformed } of programsOf(text)) {
    test(`${document}:${line} runs`, async () => {
      const { code } = await transform(source, { loader: 'ts', target: 'es2022', tsconfigRaw: {} });
      const outcome = await program(code, { nodeOptions: transformed ? [`--import=${register}`] : [] });
      assert.deepEqual([outcome.stderr, outcome.status], ['', 0]);
      if (output !== undefined) assert.equal(outcome.stdout, output);
    });
  }

  test(`${document}: its links lead somewhere, also in the package, and to headings that are there`, () => {
    const { files } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { files: string[] };
    for (const [, target = '', heading] of text.matchAll(/\]\(([^)#:]*)(?:#([^)]*))?\)/g)) {
      const path = target === '' ? document : posix.join(posix.dirname(document), target);
      const shipped = files.some((name) => path === name || path.startsWith(`${name}/`));
      // Sources are in the repository only, and only contributors are sent to them.
      assert.ok(shipped || document === 'CONTRIBUTING.md', `${path} is in the package`);
      if (heading !== undefined) assert.ok(headingsOf(path).includes(heading), `${path}#${heading}`);
    }
  });

  test(`${document}: its links within the repository lead somewhere`, () => {
    const targets = [...text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map((match) => match[1]!);
    const missing = targets.filter((target) => !existsSync(join(root, dirname(document), target)));
    assert.deepEqual(missing, []);
  });
}

test('the README opens with what users do, and ends with what contributors do', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const lines = readme.split('\n');
  assert.match(lines.slice(0, 9).join('\n'), /npm install heddle\n/);
  const end = lines.slice(-8).join('\n');
  assert.match(end, /npm ci && npm start/);
  assert.match(end, /npm ci && npm test/);
});
