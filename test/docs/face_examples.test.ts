// Every `@example` in the sources compiles as users write it, and runs.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { transform } from 'esbuild';
import * as heddle from 'heddle';
import * as tools from 'heddle/test';
import { program, root } from '../support/program.ts';

const run = promisify(execFile);
/** What an example may use without saying so, by where it comes from. */
const faces = [
  ['heddle', Object.keys(heddle)],
  ['heddle/test', Object.keys(tools)],
] as const;

interface Example {
  readonly place: string;
  readonly source: string;
}

function examplesIn(path: string): Example[] {
  const text = readFileSync(join(root, 'src', path), 'utf8');
  return [
    ...text.matchAll(/^( *)\/\*\*\n(?:(?!\*\/)[\s\S])*?@example\n((?:\1 \*(?: .*)?\n)+?)(?=\1 \*\/|\1 \* @)/gm),
  ].map(({ index, 1: indent = '', 2: lines = '' }) => {
    const code = lines.replaceAll(new RegExp(`^${indent} \\* ?`, 'gm'), '');
    const imports = faces.map(([face, names]) => {
      const used = names.filter((name) => new RegExp(`\\b${name}\\b`).test(code));
      return used.length === 0 ? '' : `import { ${used.join(', ')} } from '${face}';`;
    });
    return {
      place: `${path}:${text.slice(0, index).split('\n').length}`,
      source: `${imports.join(' ')}\n${code}export {};\n`,
    };
  });
}

const examples = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .flatMap(examplesIn);

test('every example in the sources compiles', async () => {
  assert.ok(examples.length >= 40, `${examples.length} examples`);
  const folder = join(root, 'build', 'face_examples');
  mkdirSync(folder, { recursive: true });
  const files = examples.map(({ place, source }, at) => {
    const file = join(folder, `${at}.ts`);
    writeFileSync(file, `// src/${place}\n${source}`);
    return file;
  });
  const compiler = join(root, 'node_modules', 'typescript');
  const { bin } = JSON.parse(readFileSync(join(compiler, 'package.json'), 'utf8')) as { bin: { tsc: string } };
  const how = ['--noEmit', '--ignoreConfig', '--strict', '--skipLibCheck', '--module', 'nodenext', '--types', 'node'];
  const target = ['--target', 'es2023', '--lib', 'es2023,esnext.disposable'];
  const tsc = [join(compiler, bin.tsc), ...how, ...target, ...files];
  await run(process.execPath, tsc, { cwd: root }).catch((error: { stdout: string }) => assert.fail(error.stdout));
});

for (const { place, source } of examples) {
  test(`the example at src/${place} runs`, async () => {
    const { code } = await transform(source, { loader: 'ts', target: 'es2022', tsconfigRaw: {} });
    const outcome = await program(code);
    assert.equal(outcome.status, 0, outcome.stderr);
  });
}
