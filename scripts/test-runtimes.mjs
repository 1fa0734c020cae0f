// Runs tests of test/conformance, test/heap and test/closure in Bun and Deno:
//
//   node scripts/test-runtimes.mjs [bun|deno…] [path…] [--learn]
//
// Without a path: the files of test/runtimes/files.json.
//
// Each file is made one module, through the transform, and runs in a process of its own on the joined package. test/runtimes/cannot.json says
// which tests a runtime cannot pass, and why: those are not run, and every other one must pass. With --learn they are run too, and what
// fails is printed. Not run are files whose tests start programs. Needs a network the first time, for the runtimes.
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import heddle from '../build/joined/dist/transform/esbuild.js';
import { runtimeBinary, runtimes } from './nodes.mjs';
import { layOut, RUNTIMES } from './runtimes.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const given = process.argv.slice(2);
const isLearning = given.includes('--learn');
const named = given.filter((word) => Object.hasOwn(runtimes, word));
const wanted = given.filter((word) => !word.startsWith('-') && !named.includes(word));

const FOLDERS = ['conformance', 'heap', 'closure'];
const out = join(root, 'build', 'joined', 'programs', 'runtimes');
/** Milliseconds without an outcome after which a file is given up. */
const PATIENCE = 150_000;

/** Files that are run if none is named: what is not in the table passes. */
const known = JSON.parse(readFileSync(join(root, 'test', 'runtimes', 'files.json'), 'utf8'));
const table = JSON.parse(readFileSync(join(root, 'test', 'runtimes', 'cannot.json'), 'utf8'));

/** Deno's cache mistakes a file for an earlier one of the same length. */
const denoCache = join(root, 'build', 'runtimes', 'deno-cache');
rmSync(denoCache, { recursive: true, force: true });

/** How a program is run, through the transform. */
const COMMANDS = {
  bun: ['--preload', join(root, 'build', 'joined', 'dist', 'bun', 'register.js')],
  deno: ['run', '-A', '--no-check', '--preload', join(root, 'build', 'joined', 'dist', 'deno', 'register.js')],
};

const files = FOLDERS.flatMap((folder) =>
  readdirSync(join(root, 'test', folder))
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => `${folder}/${name.slice(0, -'.test.ts'.length)}`),
).filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)));

/** The modules of the library, for files that look into them. */
const modulesFor = (runtime) => join(root, 'build', 'runtimes', runtime);

/** Such a file gets all of the library from there. */
const looking = (runtime) => ({
  name: 'looking',
  setup({ onResolve }) {
    onResolve({ filter: /^#?heddle(?:\/|$)/ }, ({ path }) => {
      const [, name = 'index'] = /^heddle(?:\/(.*))?$/.exec(path) ?? [];
      const module = path.startsWith('#') ? path.slice('#heddle/'.length) : `${name}.js`;
      return { path: join(modulesFor(runtime), module), external: true };
    });
  },
});

/** The file as one module; undefined if its tests start programs. */
async function joinFile(runtime, file, isLooking = false) {
  const result = await build({
    entryPoints: [join(root, 'test', `${file}.test.ts`)],
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'es2022',
    outfile: join(out, runtime, `${file}.test.js`),
    packages: 'external',
    external: ['#heddle/*'],
    alias: { 'node:test': join(root, 'scripts', 'node-test.mjs') },
    banner: {
      js: "import { createRequire as heddleRequire } from 'node:module'; const require = heddleRequire(import.meta.url);",
    },
    plugins: [...(isLooking ? [looking(runtime)] : []), heddle({ mode: 'all' })],
    metafile: true,
    absWorkingDir: root,
    logLevel: 'error',
  });
  const { imports } = Object.values(result.metafile.outputs)[0];
  if ('test/support/program.ts' in result.metafile.inputs) return undefined;
  if (imports.some(({ path }) => path.startsWith('#heddle/'))) return joinFile(runtime, file, true);
  return join(out, runtime, `${file}.test.js`);
}

/** Runs a file; outcomes by the names of its tests. */
function runFile(runtime, path, skipped) {
  return new Promise((resolve) => {
    const outcomes = new Map();
    let current;
    let ended = false;
    const command = COMMANDS[runtime];
    const child = spawn(runtimeBinary(runtime), [...command, path], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        NO_COLOR: '1',
        DENO_DIR: denoCache,
        HEDDLE_TEST_SKIPPED: JSON.stringify(skipped),
        HEDDLE_TEST_COMMAND: JSON.stringify(command),
      },
    });
    const late = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
    let rest = '';
    let errors = '';
    child.stderr.setEncoding('utf8').on('data', (text) => {
      errors = (errors + text).slice(-2000);
    });
    child.stdout.setEncoding('utf8').on('data', (text) => {
      late.refresh();
      const lines = (rest + text).split('\n');
      rest = lines.pop();
      for (const line of lines) {
        const at = line.indexOf('\u0001heddle ');
        if (at < 0) continue;
        const outcome = JSON.parse(line.slice(at + '\u0001heddle '.length));
        if (outcome.begins) current = outcome.name;
        else if (outcome.ends) ended = true;
        else {
          outcomes.set(outcome.name, outcome);
          current = undefined;
        }
      }
    });
    child.on('close', (status, signal) => {
      clearTimeout(late);
      const how = signal === 'SIGKILL' ? 'it does not end' : `the process ends with ${status ?? signal}`;
      if (!ended) outcomes.set(current ?? '', { passed: false, fatal: true, error: `${how}\n${errors}` });
      resolve(outcomes);
    });
  });
}

let failures = 0;
for (const runtime of named.length === 0 ? Object.keys(runtimes) : named) {
  const counts = { files: 0, passed: 0, cannot: 0, programs: 0 };
  layOut(join(root, 'dist'), modulesFor(runtime), RUNTIMES[runtime]);
  for (const file of files.filter((each) => wanted.length > 0 || isLearning || known[runtime].includes(each))) {
    mkdirSync(out, { recursive: true });
    const path = await joinFile(runtime, file);
    const entries = table.filter((entry) => entry.file === file && entry.runtimes.includes(runtime));
    if (path === undefined) {
      counts.programs++;
      continue;
    }
    counts.files++;
    const skipped = entries.flatMap(({ tests }) => tests);
    const missed = isLearning ? [] : skipped;
    const tried = [...missed];
    let outcomes = await runFile(runtime, path, tried);
    // One that ends the process, or hangs, is left out in the next round.
    while (isLearning && [...outcomes].some(([name, { fatal }]) => fatal && name !== '' && !tried.includes(name))) {
      for (const [name, { fatal, error }] of outcomes) {
        if (!fatal) continue;
        tried.push(name);
        console.log(JSON.stringify({ runtime, file, name, error: error.slice(0, 700) }));
      }
      outcomes = await runFile(runtime, path, tried);
    }
    for (const [name, outcome] of outcomes) {
      if (outcome.skipped) {
        if (skipped.includes(name)) counts.cannot++;
      } else if (outcome.passed) counts.passed++;
      else {
        failures++;
        console.log(JSON.stringify({ runtime, file, name, error: outcome.error.slice(0, 700) }));
      }
    }
    console.error(
      `${runtime} ${file}: ${[...outcomes.values()].filter(({ passed }) => passed).length} of ${outcomes.size}`,
    );
  }
  console.log(
    `${runtime}: in ${counts.files} files ${counts.passed} tests pass, ${counts.cannot} cannot; ${counts.programs} files start programs`,
  );
}
process.exitCode = failures === 0 || isLearning ? 0 : 1;
