// Every `@example` in the sources compiles as users write it, and runs.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { transform } from 'esbuild';
import * as heddle from 'heddle';
import * as cluster from 'heddle/cluster';
import * as dummy from 'heddle/dummy_thread';
import * as testing from 'heddle/test';
import * as thread from 'heddle/thread';
import { program, root } from '../support/program.ts';

const run = promisify(execFile);

/** What the examples of a file import from, and the names there. */
function facesOf(path: string): Readonly<Record<string, object>> {
  if (path === 'thread.ts') return { 'heddle/thread': thread };
  if (/^dummy/.test(path)) return { 'heddle/dummy_thread': dummy };
  if (/^tools\//.test(path)) return { heddle, 'heddle/test': testing };
  return /^cluster\//.test(path) ? { heddle, 'heddle/cluster': cluster } : { heddle };
}

interface Example {
  readonly line: number;
  readonly code: string;
}

/** The examples of one file. */
interface Examples {
  readonly path: string;
  readonly examples: readonly Example[];
}

function examplesIn(path: string): Examples {
  const text = readFileSync(join(root, 'src', path), 'utf8');
  const found = [
    ...text.matchAll(/^( *)\/\*\*\n(?:(?!\*\/)[\s\S])*?@example\n((?:\1 \*(?: .*)?\n)+?)(?=\1 \*\/|\1 \* @)/gm),
  ];
  const examples = found.map(({ index, 1: indent = '', 2: lines = '' }) => ({
    line: text.slice(0, index).split('\n').length,
    code: lines.replaceAll(new RegExp(`^${indent} \\* ?`, 'gm'), ''),
  }));
  return { path, examples };
}

/** The imports of what an example uses. */
function importFor(path: string, code: string): string {
  return Object.entries(facesOf(path))
    .map(([face, names]) => {
      const used = Object.keys(names).filter((name) => new RegExp(`\\b${name}\\b`).test(code));
      return `import { ${used.join(', ')} } from '${face}';\n`;
    })
    .join('');
}

const all = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  // Those of the plug-ins are configurations of bundlers.
  .filter((path) => path.endsWith('.ts') && !path.startsWith('transform/'))
  .map(examplesIn)
  .filter(({ examples }) => examples.length > 0);

test('every example in the sources compiles', async () => {
  const files = all.flatMap(({ path, examples }) => examples.map((example) => ({ path, ...example })));
  assert.ok(files.length >= 180, `${files.length} examples`);
  const folder = join(root, 'build', 'face_examples');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const names = files.map(({ path, line, code }, at) => {
    const file = join(folder, `${at}.ts`);
    writeFileSync(file, `// src/${path}:${line}\n${importFor(path, code)}${code}export {};\n`);
    return file;
  });
  const compiler = join(root, 'node_modules', 'typescript');
  const { bin } = JSON.parse(readFileSync(join(compiler, 'package.json'), 'utf8')) as { bin: { tsc: string } };
  const how = ['--noEmit', '--ignoreConfig', '--strict', '--skipLibCheck', '--module', 'nodenext', '--types', 'node'];
  const target = ['--target', 'es2023', '--lib', 'es2023,esnext.disposable'];
  const tsc = [join(compiler, bin.tsc), ...how, ...target, ...names];
  await run(process.execPath, tsc, { cwd: root }).catch((error: { stdout: string }) => assert.fail(error.stdout));
});

for (const { path, examples } of all) {
  // They need a server.
  if (path.startsWith('cluster/')) continue;
  // One process for the examples of a file, each in a block of its own.
  test(`the examples of src/${path} run`, async () => {
    const blocks = examples.map(({ line, code }) => `place = 'src/${path}:${line}';\n{\n${code}}\n`);
    const body = blocks.join('');
    const head = `${importFor(path, body)}let place = '';\nprocess.on('exit', (status) => { if (status !== 0) console.error(place); });\n`;
    const { code } = await transform(head + body, { loader: 'ts', target: 'es2022', tsconfigRaw: {} });
    const outcome = await program(code);
    assert.equal(outcome.status, 0, outcome.stderr);
  });
}
