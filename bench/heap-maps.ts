// Maps: get by number and by string against Map; and what two threads that read one map at once do, against one that reads alone.

import { type HeapBench, type Round, time } from './heap-sides.js';

const KEYS = 1_000;
const PASSES = 300;
const COUNT = KEYS * PASSES;

interface Readable<K> {
  get(key: K): number | undefined;
}

function byNumber(map: Readable<number>, numbers: readonly number[], passes: number): number {
  let sum = 0;
  for (let pass = 0; pass < passes; pass++) for (const key of numbers) sum += map.get(key)!;
  return sum;
}

/** The same for the other kind of map, so that the engine sees only one in each. */
function byOwnNumber(map: Readable<number>, keys: readonly number[], passes: number): number {
  let sum = 0;
  for (let pass = 0; pass < passes; pass++) for (const key of keys) sum += map.get(key)!;
  return sum;
}

function byString(map: Readable<string>, strings: readonly string[], passes: number): number {
  let sum = 0;
  for (let pass = 0; pass < passes; pass++) for (const key of strings) sum += map.get(key)!;
  return sum;
}

const numbers = Array.from({ length: KEYS }, (_, at) => (at * 7919) % 100_003);
const strings = Array.from({ length: KEYS }, (_, at) => `key-${at}`);
const pairs = <K>(keys: readonly K[]): Map<K, number> => new Map(keys.map((key, at) => [key, at]));

/** Reads while `words[0]` says so; words: begin, number of readers that are ready, passes of each. */
function read(map: Readable<number>, words: Int32Array, reader: number, own: boolean): void {
  const keys = Array.from({ length: KEYS }, (_, at) => (at * 7919) % 100_003);
  const pass = own ? byOwnNumber : byNumber;
  for (let warm = 0; warm < 60; warm++) pass(map, keys, 10);
  Atomics.add(words, 1, 1);
  Atomics.notify(words, 1);
  while (Atomics.load(words, 0) === 0);
  let passes = 0;
  for (; Atomics.load(words, 0) === 1; passes += 10) pass(map, keys, 10);
  Atomics.store(words, 2 + reader, passes);
  Atomics.add(words, 1, -1);
  Atomics.notify(words, 1);
}

const WINDOW = 60;

async function ours(): Promise<Round> {
  const { shared, startNewThread } = await import('heddle');
  const own = pairs(numbers);
  const ofNumbers = shared(pairs(numbers));
  const ofStrings = shared(pairs(strings));
  /** Nanoseconds of a get, of so many readers together: of our map, or each of one of its own, to see what the machine gives. */
  const together = (readers: number, map: unknown): number => {
    const words = new Int32Array(new SharedArrayBuffer(32));
    for (let reader = 0; reader < readers; reader++)
      startNewThread(read, [map as Map<number, number>, words, reader, map === own]);
    for (let ready = 0; ready < readers; ready = Atomics.load(words, 1)) Atomics.wait(words, 1, ready);
    const start = performance.now();
    Atomics.store(words, 0, 1);
    Atomics.wait(words, 7, 0, WINDOW);
    Atomics.store(words, 0, 2);
    const elapsed = performance.now() - start;
    for (let left = readers; left > 0; left = Atomics.load(words, 1)) Atomics.wait(words, 1, left);
    let passes = 0;
    for (let reader = 0; reader < readers; reader++) passes += words[2 + reader]!;
    return (elapsed * 1e6) / (passes * KEYS);
  };
  const readings: [string, () => number][] = [
    ['one', () => together(1, ofNumbers)],
    ['two', () => together(2, ofNumbers)],
    ['own one', () => together(1, own)],
    ['own two', () => together(2, own)],
  ];
  return () => {
    const number = time(COUNT, () => byNumber(ofNumbers, numbers, PASSES));
    const string = time(COUNT, () => byString(ofStrings, strings, PASSES));
    // The other way round the next time.
    readings.reverse();
    return { number, string, ...Object.fromEntries(readings.map(([name, reading]) => [name, reading()])) };
  };
}

function plain(): Round {
  const ofNumbers = pairs(numbers);
  const ofStrings = pairs(strings);
  return () => ({
    number: time(COUNT, () => byNumber(ofNumbers, numbers, PASSES)),
    string: time(COUNT, () => byString(ofStrings, strings, PASSES)),
  });
}

export const bench: HeapBench = {
  url: import.meta.url,
  rounds: 11,
  warmup: 4,
  sides: { heddle: ours, plain },
  comparisons: [
    { name: 'map get, number keys', measure: 'number', against: 'plain', label: 'Map', target: '≤ 2.5' },
    { name: 'map get, string keys', measure: 'string', against: 'plain', label: 'Map', target: '≤ 5' },
    {
      name: 'map get, two threads at once, both together',
      measure: 'two',
      against: 'heddle',
      theirs: 'one',
      label: 'one thread',
      target: '≥ 1.7',
      inverse: true,
    },
    {
      name: 'what the machine gives: two threads, each with a Map of its own',
      measure: 'own two',
      against: 'heddle',
      theirs: 'own one',
      label: 'one thread with its own Map',
      target: '–',
      inverse: true,
    },
  ],
};
