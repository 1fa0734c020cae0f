// Every example runs: compiled, and where Node strips types as it stands.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { inflateSync } from 'node:zlib';
import { type Outcome, type ProgramOptions, programFile, root } from '../support/program.ts';

const strips = Boolean((process.features as { typescript?: unknown }).typescript);

/** The example's file in the form that this Node runs. */
function example(name: string, options: ProgramOptions = {}): Promise<Outcome> {
  return programFile(join(root, strips ? `examples/${name}.ts` : `build/examples/${name}.js`), options);
}

const outputs: Readonly<Record<string, string>> = {
  '01-hello': 'Hello world, this is not the main thread: true.\nThe thread is done.\n',
  '02-lock': '4 threads × 10000 = 40000\n',
  '03-closures': "HELLO! true 5 ada.txt 36\n[ 'from main', 'from the thread' ]\n[ 'from main' ]\n",
  '04-interrupt': 'The loop was interrupted.\n',
  '05-shared': `tick 4000, origin 42/2
[
  'thread 0 was here',
  'thread 1 was here',
  'thread 2 was here',
  'thread 3 was here'
]
player 0: 100
player 1: 101
player 2: 102
player 3: 103
2 Uint8ClampedArray(4) [ 0, 255, 255, 255 ]
everybody: 2000 true
`,
  '08-producer-consumer': '3 × (1 + … + 1000) = 1501500\n',
  '09-philosophers': `${['Descartes', 'Hume', 'Kant', 'Spinoza', 'Wollstonecraft']
    .map((name) => `${name} has eaten 200 times.\n`)
    .join('')}Forks in two hands at once: 0\n`,
};

for (const [name, stdout] of Object.entries(outputs)) {
  test(name, async () => {
    assert.deepEqual(await example(name), { status: 0, signal: null, stdout, stderr: '' });
  });
}

const withInput = [
  '06-index',
  '07-simulation',
  '10-words',
  '11-mandelbrot',
  '12-pipeline',
  '13-server',
  '14-explore',
  'checksum',
  // test/cluster/demo.test.ts
  'cluster',
];

test('no example is left out', () => {
  const names = readdirSync(join(root, 'examples'))
    .filter((file) => file.endsWith('.ts'))
    .map((file) => file.replace(/\.ts$/, ''));
  assert.deepEqual(names.sort(), [...Object.keys(outputs), ...withInput].sort());
});

test('14-explore', async () => {
  const { status, stdout, stderr } = await example('14-explore');
  assert.equal(stderr, '');
  assert.equal(status, 0);
  assert.match(
    stdout,
    new RegExp(
      [
        '^check throws Error: the balance is 50\\n\\nschedule \\d+ of strategy random, seed 1; with one stop of a thread that could have gone on:\\n',
        "(  [AB]  (reads balance: 100|writes balance = 50) +\\S*14-explore\\.[jt]s:1\\d:\\d+\\n){4}\\nreplay: '[AB0-9]+'\\n",
        'with the lock: \\d+ schedules, which are all, and nothing is wrong\\n$',
      ].join(''),
    ),
  );
});

// The index.

const texts = mkdtempSync(join(tmpdir(), 'heddle-index-'));
after(() => rmSync(texts, { recursive: true, force: true }));
const vocabulary = ['warp', 'weft', 'shed', 'Heddle', 'loom', 'größe'];
mkdirSync(join(texts, 'inner'));
for (let n = 0; n < 120; n++) {
  // Every file has the first word: all threads add to its list at once.
  const words = Array.from({ length: 60 }, (_, at) =>
    at === 0 ? 'warp' : vocabulary[(n * at * at + at) % ((n % 6) + 1)]!,
  );
  writeFileSync(join(texts, n % 3 ? 'inner' : '.', `${n}.${n % 2 ? 'md' : 'txt'}`), words.join(n % 5 ? ' ' : ',\n'));
}
writeFileSync(join(texts, 'not-a-text.bin'), 'warp');

/** The output for these queries, from an index that one thread makes. */
function plainIndex(queries: readonly string[]) {
  const index = new Map<string, Map<string, number>>();
  let files = 0;
  let postings = 0;
  for (const entry of readdirSync(texts, { recursive: true, encoding: 'utf8' })) {
    if (!/\.(md|txt)$/.test(entry)) continue;
    files++;
    const path = join(texts, entry);
    for (const word of readFileSync(path, 'utf8')
      .toLowerCase()
      .match(/\p{L}+/gu) ?? []) {
      const list = index.get(word) ?? new Map<string, number>();
      index.set(word, list);
      if (!list.has(path)) postings++;
      list.set(path, (list.get(path) ?? 0) + 1);
    }
  }
  const answers = queries.map((query) => {
    const lists = query.split(' ').map((word) => index.get(word.toLowerCase()) ?? new Map<string, number>());
    const hits = [...lists[0]!.keys()]
      .filter((file) => lists.every((list) => list.has(file)))
      .map((file) => ({ file, count: lists.reduce((sum, list) => sum + list.get(file)!, 0) }))
      .sort((a, b) => b.count - a.count || (a.file < b.file ? -1 : 1));
    const top = hits.slice(0, 3).map(({ file, count }) => `  ${count} ${file}\n`);
    return `\n${query}: ${hits.length} files\n${top.join('')}`;
  });
  return { head: `${files} files, ${index.size} words, ${postings} postings,`, answers: answers.join('') };
}

test('06-index: all threads together make the index that one makes', async () => {
  const queries = ['warp', 'weft', 'heddle LOOM', 'größe warp shed', 'reed', 'warp reed'];
  const outcome = await example('06-index', { args: [texts, ...queries] });
  assert.deepEqual([outcome.status, outcome.stderr], [0, '']);
  const [head, asked, ...rest] = outcome.stdout.split('\n');
  const expected = plainIndex(queries);
  assert.equal(head!.replace(/ built in \d+ ms$/, ''), expected.head);
  assert.match(asked!, /^6 queries on \d+ threads took \d+ ms$/);
  assert.equal(rest.join('\n'), expected.answers);
});

test('06-index: without arguments it reads the docs and the source', async () => {
  const outcome = await example('06-index');
  assert.deepEqual([outcome.status, outcome.stderr], [0, '']);
  assert.match(outcome.stdout, /\nlock: \d+ files\n {2}\d+ src\/sync\/\w+\.ts\n/);
  assert.match(outcome.stdout, /\nunicorn: 0 files\n$/);
});

// The simulation.

test('07-simulation: what is live are the particles in the boxes, however many were made', async () => {
  const { status, stderr, stdout } = await example('07-simulation');
  assert.deepEqual([status, stderr], [0, '']);
  const [, steps, made, kept, cells, live, peak] =
    /^(.*) steps\nparticles made: (\d+), of which (\d+) .*\ncells alive: (\d+), live bytes: (\d+), peak bytes: (\d+)\n$/.exec(
      stdout,
    ) ?? assert.fail(stdout);
  assert.equal(steps, '5000, 5000, 5000, 5000');
  assert.deepEqual([Number(made), Number(kept)], [2_000_400, 400]);
  assert.ok(Number(cells) >= 400 && Number(cells) < 1000, `${cells} cells`);
  assert.ok(Number(live) < 100_000, `${live} bytes`);
  // Keeping all would take 60 million.
  assert.ok(Number(peak) < 45_000_000, `${peak} bytes`);
});

// The main job.

const folder = mkdtempSync(join(tmpdir(), 'heddle-checksum-'));
after(() => rmSync(folder, { recursive: true, force: true }));
mkdirSync(join(folder, 'files', 'inner'), { recursive: true });
mkdirSync(join(folder, 'empty'));
for (let n = 0; n < 50; n++)
  writeFileSync(join(folder, 'files', n % 2 ? 'inner' : '.', `${n}.txt`), 'x'.repeat(n * 100));

test('checksum: one and three threads give the same digests', async () => {
  const outcome = await example('checksum', { args: [join(folder, 'files'), '--threads', '3'] });
  assert.equal(outcome.stderr, '');
  assert.equal(outcome.status, 0);
  assert.match(outcome.stdout, /: 50 files, 122500 bytes\n/);
  assert.match(outcome.stdout, /^ +1 thread +\d+ MB\/s\n +3 threads +\d+ MB\/s +[\d.]+ × as fast\n/m);
  assert.match(outcome.stdout, /^The 50 digests of both are the same\.$/m);
});

test('checksum: the largest files and the duplicates are those that a plain reading finds', async () => {
  const copies = join(folder, 'copies');
  mkdirSync(join(copies, 'inner'), { recursive: true });
  // Content n is there n times, and one letter makes files of the same size differ.
  for (let n = 1; n <= 7; n++) {
    for (let copy = 0; copy < n; copy++) {
      writeFileSync(join(copies, copy % 2 ? 'inner' : '.', `${n}-${copy}`), `${n}`.repeat(1000 + 100 * (n % 4)));
    }
  }
  const contents = new Map<string, string[]>();
  const sizes: { path: string; size: number }[] = [];
  for (const entry of readdirSync(copies, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const content = readFileSync(path, 'utf8');
    sizes.push({ path, size: content.length });
    contents.set(content, [...(contents.get(content) ?? []), path]);
  }
  sizes.sort((a, b) => b.size - a.size || (a.path < b.path ? -1 : 1));
  const groups = [...contents]
    .filter(([, paths]) => paths.length > 1)
    .map(([{ length: size }, paths]) => ({ size, paths: paths.sort(), spare: size * (paths.length - 1) }))
    .sort((a, b) => b.spare - a.spare);
  const lines = [
    'The largest files:',
    ...sizes.slice(0, 5).map(({ path, size }) => `${String(size).padStart(12)}  ${path}`),
    '',
    `6 files exist more than once, and ${groups.reduce((sum, { spare }) => sum + spare, 0)} bytes are spare:`,
    ...groups.slice(0, 5).map(({ size, paths }) => `${`${paths.length} × ${size}`.padStart(12)}  ${paths[0]}`),
    '',
  ];
  const outcome = await example('checksum', { args: [copies, '--threads', '3'] });
  assert.deepEqual([outcome.status, outcome.stderr], [0, '']);
  assert.equal(outcome.stdout.slice(outcome.stdout.indexOf('The largest')), lines.join('\n'));
});

test('checksum: more threads than files', async () => {
  const outcome = await example('checksum', { args: [join(folder, 'files', 'inner'), '--threads', '30'] });
  assert.deepEqual([outcome.status, outcome.stderr], [0, '']);
  assert.match(outcome.stdout, /The 25 digests of both are the same\./);
});

const refused: readonly (readonly [args: readonly string[], message: RegExp])[] = [
  [[join(folder, 'missing')], /^checksum: ENOENT: no such file or directory.*missing'\n$/],
  [[join(folder, 'files', '0.txt')], /^checksum: ENOTDIR: not a directory.*0\.txt'\n$/],
  [[join(folder, 'empty')], /^checksum: there is no file under .*empty\n$/],
  [[folder, folder], /^checksum: one folder at a time/],
  [[folder, '--threads', '0'], /^checksum: --threads takes a whole number from 1 on, not '0'\n$/],
  [[folder, '--threads', 'many'], /^checksum: --threads takes a whole number from 1 on, not 'many'\n$/],
  [[folder, '--thread', '2'], /^checksum: Unknown option '--thread'/],
];

for (const [args, message] of refused) {
  test(`checksum ${args.join(' ').replaceAll(folder, '…')}: refused with status 2`, async () => {
    const outcome = await example('checksum', { args });
    assert.match(outcome.stderr, message);
    assert.deepEqual([outcome.status, outcome.stdout], [2, '']);
  });
}

// What is built on threads.

test('words: the same counts as without threads', async () => {
  const { status, stdout, stderr } = await example('10-words', { args: [texts, '3'] });
  const counts = new Map<string, number>();
  let [files, total] = [0, 0];
  for (const entry of readdirSync(texts, { recursive: true, encoding: 'utf8' })) {
    if (!/\.(md|txt)$/.test(entry)) continue;
    files++;
    for (const word of readFileSync(join(texts, entry), 'utf8')
      .toLowerCase()
      .match(/\p{L}+/gu) ?? []) {
      total++;
      counts.set(word, (counts.get(word) ?? 0) + 1);
    }
  }
  const most = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).slice(0, 3);
  assert.deepEqual(stdout.split('\n'), [
    `${files} files, ${total} words, ${counts.size} of them different`,
    ...most.map(([word, times]) => `${String(times).padStart(8)} ${word}`),
    '',
  ]);
  assert.deepEqual([status, stderr], [0, '']);
});

test('mandelbrot: a picture', async () => {
  const file = join(texts, 'picture.png');
  const { status, stdout, stderr } = await example('11-mandelbrot', { args: [file, '160', '120'] });
  const png = readFileSync(file);
  assert.deepEqual([status, stdout, stderr], [0, `${file}: 160 × 120, ${png.length} bytes\n`, '']);
  assert.deepEqual([png.readUInt32BE(16), png.readUInt32BE(20)], [160, 120]);
  // The one chunk of data begins at 33: its lines are a filter's number and three bytes a pixel.
  const pixels = inflateSync(png.subarray(41, 41 + png.readUInt32BE(33)));
  assert.equal(pixels.length, 120 * (1 + 3 * 160));
  const at = (x: number, y: number): number[] => [...pixels.subarray(y * 481 + 1 + 3 * x, y * 481 + 4 + 3 * x)];
  assert.deepEqual(at(110, 60), [0, 0, 0], 'the middle of the set is black');
  assert.ok(at(0, 0)[2]! > 100, 'its surroundings are not');
});

test('pipeline: all blocks, and no more waiting than fit the queue', async () => {
  const digests = Array.from({ length: 500 }, (_, index) =>
    createHash('sha256').update(`block ${index} `.repeat(1000)).digest('hex'),
  );
  const all = createHash('sha256').update(digests.join('')).digest('hex').slice(0, 16);
  const { status, stdout, stderr } = await example('12-pipeline');
  assert.match(stdout, new RegExp(`^500 blocks, ${all}; no more than [1-4] waited\n$`));
  assert.deepEqual([status, stderr], [0, '']);
});

test('server: pages from threads, and an end by Ctrl-C', async () => {
  let asked = false;
  const answers: string[] = [];
  const { status, signal, stderr } = await example('13-server', {
    args: ['0'],
    onStdout(text, kill) {
      const url = /^(http:\S+)\/prime\/1000$/m.exec(text)?.[1];
      if (url === undefined || asked) return;
      asked = true;
      void (async () => {
        const paths = ['/prime/1000', '/prime/6', '/health', '/prime/0', '/else'];
        const got = await Promise.all(paths.map(async (path) => (await fetch(url + path)).text()));
        answers.push(...got);
        kill('SIGINT');
      })();
    },
  });
  assert.deepEqual(answers, [
    '<p>Prime number 1000 is 7919.</p>\n',
    '<p>Prime number 6 is 13.</p>\n',
    'well\n',
    'GET /prime/1000 or /health\n',
    'GET /prime/1000 or /health\n',
  ]);
  assert.deepEqual([status, signal, stderr], [0, null, '']);
});
