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

function byString(map: Readable<string>, strings: readonly string[], passes: number): number {
  let sum = 0;
  for (let pass = 0; pass < passes; pass++) for (const key of strings) sum += map.get(key)!;
  return sum;
}

const numbers = Array.from({ length: KEYS }, (_, at) => (at * 7919) % 100_003);
const strings = Array.from({ length: KEYS }, (_, at) => `key-${at}`);
const pairs = <K>(keys: readonly K[]): Map<K, number> => new Map(keys.map((key, at) => [key, at]));

/** Reads while `words[0]` says so; words: begin, number of readers that are ready, passes of each. */
function read(map: Readable<number>, words: Int32Array, reader: number): void {
  const keys = Array.from({ length: KEYS }, (_, at) => (at * 7919) % 100_003);
  for (let warm = 0; warm < 30; warm++) byNumber(map, keys, 10);
  Atomics.add(words, 1, 1);
  Atomics.notify(words, 1);
  while (Atomics.load(words, 0) === 0);
  let passes = 0;
  for (; Atomics.load(words, 0) === 1; passes += 10) byNumber(map, keys, 10);
  Atomics.store(words, 2 + reader, passes);
  Atomics.add(words, 1, -1);
  Atomics.notify(words, 1);
}

const WINDOW = 60;

async function ours(): Promise<Round> {
  const { shared, startNewThread } = await import('heddle');
  const ofNumbers = shared(pairs(numbers));
  const ofStrings = shared(pairs(strings));
  /** Gets a nanosecond of so many readers. */
  const speed = (readers: number): number => {
    const words = new Int32Array(new SharedArrayBuffer(32));
    for (let reader = 0; reader < readers; reader++) startNewThread(read, [ofNumbers, words, reader]);
    for (let ready = 0; ready < readers; ready = Atomics.load(words, 1)) Atomics.wait(words, 1, ready);
    const start = performance.now();
    Atomics.store(words, 0, 1);
    Atomics.wait(words, 7, 0, WINDOW);
    Atomics.store(words, 0, 2);
    const elapsed = performance.now() - start;
    for (let left = readers; left > 0; left = Atomics.load(words, 1)) Atomics.wait(words, 1, left);
    let passes = 0;
    for (let reader = 0; reader < readers; reader++) passes += words[2 + reader]!;
    return (passes * KEYS) / elapsed / 1e6;
  };
  let rounds = 0;
  return () => {
    const number = time(COUNT, () => byNumber(ofNumbers, numbers, PASSES));
    const string = time(COUNT, () => byString(ofStrings, strings, PASSES));
    rounds++;
    const alone = rounds % 2 === 0 ? speed(1) : 0;
    const two = speed(2);
    const one = alone === 0 ? speed(1) : alone;
    return { number, string, one: 1 / one, two: 1 / two };
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
  ],
};
