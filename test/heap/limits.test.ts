// The limit of the heap, what it is to be full, and the statistics. In programs of their own: a limit is the process's.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configureHeap, heapStatistics } from 'heddle';
import { whole } from '../support/extent.ts';
import { type Outcome, program } from '../support/program.ts';

const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const support = (name: string): string => new URL(`../support/${name}.${extension}`, import.meta.url).href;

const PRELUDE = `
import * as heddle from 'heddle';
import { checkHeap, collectAll, elsewhere } from '${support('heap')}';
const { collect, configureHeap, heapStatistics, indexed, MemoryError, scope, shared, SharedArray, SharedMap, SharedSet, snapshot } = heddle;
/** Repeats until the heap is full; how often it went well. */
function fill(step) {
  for (let times = 0; ; times++) {
    try {
      step(times);
    } catch (error) {
      if (!(error instanceof MemoryError)) throw error;
      if (!/the shared heap is full: \\d+ of \\d+ bytes/.test(error.message)) throw new Error('says nothing: ' + error.message);
      return times;
    }
    if (times > 50_000_000) throw new Error('it is never full');
  }
}
`;

const MIB = 2 ** 20;

async function prints(source: string, expected: string): Promise<void> {
  const outcome: Outcome = await program(`${PRELUDE}\n${source}`);
  assert.deepEqual([outcome.stderr, outcome.stdout, outcome.status], ['', expected, 0]);
}

/** Ways to fill the heap: what they hold it all by, and one step of more. */
const FILLERS: readonly [name: string, hold: string, step: string][] = [
  ['records', 'const all = shared([])', 'all.push({ n: times, text: "x".repeat(times % 50) })'],
  ['a list', 'const all = shared({ head: null })', 'all.head = { n: times, next: all.head }'],
  ['elements', 'const all = shared([])', 'all.push(times)'],
  ['elements in front', 'const all = shared([])', 'all.unshift(...new Array(5000).fill(times))'],
  ['a length', 'const all = shared([])', 'all.length += 10_000'],
  ['entries', 'const all = new SharedMap()', 'all.set(times, times)'],
  ['entries by text', 'const all = new SharedMap()', 'all.set("key number " + times, "value " + times)'],
  ['entries by long text', 'const all = new SharedMap()', 'all.set("key".repeat(2000) + times, 2n ** 200n)'],
  ['members', 'const all = new SharedSet()', 'all.add("member " + times)'],
  ['strings', 'const all = shared([])', 'all.push("ä…".repeat(5000))'],
  ['bigints', 'const all = shared([])', 'all.push(1n << BigInt(times % 5000))'],
  ['boxes', 'const all = shared([])', 'all.push(2 ** 1000 * 1.5)'],
  [
    'errors',
    'const all = shared([])',
    'all.push(Object.assign(new Error("x", { cause: { times } }), { code: times }))',
  ],
  [
    'graphs',
    'const all = shared([])',
    'all.push(Array.from({ length: 100 }, () => ({ map: new Map([[times, {}]]), set: new Set([[]]) })))',
  ],
  ['locks', 'const all = shared([])', 'all.push(heddle.allocateLock())'],
];

/** In the part: of each kind of cell one. */
const SOME = ['records', 'elements', 'entries by text', 'graphs'];

for (const [name, hold, step] of FILLERS.filter(([name]) => whole || SOME.includes(name))) {
  test(`a heap that is full of ${name} is whole, and goes on when they are let go of`, async () => {
    await prints(
      `
configureHeap({ maxHeap: ${5 * MIB} });
const before = shared({ n: 1, list: [1, 2], map: new Map([['k', 'v']]), text: 'a text' });
let first;
{
  ${hold};
  first = fill((times) => { ${step}; });
  checkHeap();
  // What is there can be used.
  before.n++;
  before.list.set(0, 5);
  before.list.push(3);
  before.map.set('k', 7);
  console.log(before.n, before.list.at(0), before.list.length, before.map.get('k'), before.text, heapStatistics().committedBytes <= ${6 * MIB});
  if ('length' in all) all.length = 0;
  else if ('clear' in all) all.clear();
  else all.head = null;
}
collectAll();
checkHeap();
${hold};
const second = fill((times) => { ${step}; });
console.log(first > 0, second > first * 0.3);
`,
      '2 5 3 7 a text true\ntrue true\n',
    );
  });
}

test('what is garbage makes room by itself, in one job', async () => {
  await prints(
    `
configureHeap({ maxHeap: ${16 * MIB} });
const kept = shared({ last: null, map: new Map() });
for (let n = 0; n < 300_000; n++) {
  kept.last = { n, text: 'text ' + n, list: [n] };
  kept.map.set('key ' + n, kept.last);
  kept.map.delete('key ' + (n - 5));
}
checkHeap();
console.log(kept.last.n, kept.map.size, heapStatistics().committedBytes <= ${16 * MIB});
`,
    '299999 5 true\n',
  );
});

test('a queue whose old nodes lie beside objects that are kept does not fill the heap', async () => {
  await prints(
    `
configureHeap({ maxHeap: ${12 * MIB} });
const queue = shared({ head: { n: 0, next: null }, tail: null });
queue.tail = queue.head;
const kept = [];
for (let n = 1; n < 1_000_000; n++) {
  if (n % 100_000 === 50) kept.push(shared({ n: -1, next: null }));
  queue.tail.next = { n, next: null };
  queue.tail = queue.tail.next;
  queue.head = queue.head.next;
}
checkHeap();
console.log(queue.head.n, kept.length, kept.every(({ n }) => n === -1));
`,
    '999999 10 true\n',
  );
});

test('a single cell that does not fit is an error at once', async () => {
  await prints(
    `
configureHeap({ maxHeap: ${4 * MIB} });
const record = shared({ text: 'before', big: 0n });
for (const value of ['x'.repeat(${5 * MIB}), 'ä…'.repeat(${2 * MIB}), 1n << ${40_000_000}n, new Array(${MIB}).fill(0)]) {
  try { record.text = value; console.log('went well'); } catch (error) { console.log(error.name); }
}
const list = shared([1]);
try { list.length = 2 ** 26; } catch (error) { console.log(error.name, list.length); }
console.log(record.text);
checkHeap();
record.text = 'y'.repeat(${MIB});
console.log(record.text.length);
`,
    `MemoryError\nMemoryError\nMemoryError\nMemoryError\nMemoryError 1\nbefore\n${MIB}\n`,
  );
});

test('a full heap is full in every thread, and room that one makes is there for the other', async () => {
  await prints(
    `
configureHeap({ maxHeap: ${10 * MIB} });
const all = shared([]);
fill((times) => all.push({ times }));
elsewhere((given, MemoryError) => {
  let full = false;
  try {
    for (let n = 0; n < 100_000; n++) given.push({ n });
  } catch (error) {
    full = error.name === 'MemoryError' && error instanceof MemoryError;
  }
  if (!full) throw new Error('it was not full');
  given.clear();
}, all, MemoryError);
collectAll();
checkHeap();
console.log(all.length, all.push({ again: true }));
`,
    '0 1\n',
  );
});

test('MemoryError while a graph is copied in leaves nothing half-made behind', async () => {
  await prints(
    `
configureHeap({ maxHeap: ${6 * MIB} });
const record = shared({ field: 'before' });
const graph = Array.from({ length: 200_000 }, (_, n) => ({ n, text: 'number ' + n }));
for (let times = 0; times < 5; times++) {
  try { record.field = graph; console.log('went well'); } catch (error) { if (!(error instanceof MemoryError)) throw error; }
  checkHeap();
}
record.field = graph.slice(0, 10_000);
console.log(record.field.length, snapshot(record.field)[9_999].text);
`,
    '10000 number 9999\n',
  );
});

test('options are checked', () => {
  const wrong = (options: unknown, name: string, message: RegExp): void =>
    assert.throws(() => configureHeap(options as never), { name, message });
  for (const options of [null, undefined, 5, 'x']) wrong(options, 'TypeError', /takes options such as/);
  wrong({ maxheap: 2 ** 28 }, 'TypeError', /unknown option 'maxheap'/);
  for (const maxHeap of [0, -1, NaN, '2**28', null, 2 ** 20 - 1, {}])
    wrong({ maxHeap }, 'RangeError', /maxHeap must be a number of bytes/);
  configureHeap({});
  configureHeap({ maxHeap: undefined } as never);
});

test('a limit may not go below what is in use, and may be raised', async () => {
  await prints(
    `
configureHeap({ maxHeap: ${8 * MIB} });
const all = shared([]);
fill((times) => all.push({ times }));
try { configureHeap({ maxHeap: ${2 * MIB} }); } catch (error) { console.log(error.name, /less than the \\d+ bytes that are in use/.test(error.message)); }
const before = all.length;
configureHeap({ maxHeap: ${16 * MIB} });
fill((times) => all.push({ times }));
console.log(all.length > before * 1.5);
configureHeap({ maxHeap: Infinity });
for (let n = 0; n < 1_000_000; n++) all.push({ n });
console.log(all.length > 1_000_000);
checkHeap();
`,
    'RangeError true\ntrue\ntrue\n',
  );
});

test('statistics tell what is alive, what is in use, and what collections were', async () => {
  await prints(
    `
const keys = Object.keys(heapStatistics());
console.log(keys.join(' '), Object.values(heapStatistics()).every((value) => typeof value === 'number' && value >= 0));
const before = collect();
let all = shared(Array.from({ length: 50_000 }, (_, n) => ({ n })));
const full = collect();
console.log(full.cells - before.cells >= 50_000, full.liveBytes - before.liveBytes >= 50_000 * 16, full.collections > before.collections);
console.log(full.committedBytes >= full.liveBytes, full.peakBytes >= full.committedBytes);
all.clear();
const after = collect();
console.log(after.cells < full.cells - 45_000, after.peakBytes >= full.committedBytes, after.committedBytes < full.committedBytes);
console.log(after.cellsFromRoots <= after.cells, after.lastPauseMs >= 0 && after.lastPauseMs < after.lastMarkingMs + 1000);
`,
    [
      'liveBytes committedBytes peakBytes cells cellsFromRoots collections lastPauseMs lastMarkingMs true',
      'true true true',
      'true true',
      'true true true',
      'true true',
      '',
    ].join('\n'),
  );
});

test('statistics of this thread are numbers', () => {
  for (const [name, value] of Object.entries(heapStatistics())) assert.ok(Number.isFinite(value) && value >= 0, name);
});
