// Arrays of integers, which is what V8's SharedArray is best at: it has a fixed length, and no iterator of its own.

import { type HeapBench, type Round, structRealm, time } from './heap-sides.js';

const LENGTH = 10_000;
const PASSES = 40;
const PUSHED = 100_000;

function plain(): Round {
  const array = Array.from({ length: LENGTH }, (_, at) => at);
  return () => ({
    at: time(LENGTH * PASSES, () => {
      let sum = 0;
      for (let pass = 0; pass < PASSES; pass++) for (let at = 0; at < LENGTH; at++) sum += array[at]!;
      return sum;
    }),
    set: time(LENGTH * PASSES, () => {
      for (let pass = 0; pass < PASSES; pass++) for (let at = 0; at < LENGTH; at++) array[at] = at ^ pass;
      return array[9];
    }),
    iterate: time(LENGTH * PASSES, () => {
      let sum = 0;
      for (let pass = 0; pass < PASSES; pass++) for (const value of array) sum += value;
      return sum;
    }),
    push: time(PUSHED, () => {
      const made: number[] = [];
      for (let at = 0; at < PUSHED; at++) made.push(at);
      return made;
    }),
  });
}

function structs(): Round {
  const array = new structRealm.SharedArray(LENGTH) as number[];
  for (let at = 0; at < LENGTH; at++) array[at] = at;
  return () => ({
    at: time(LENGTH * PASSES, () => {
      let sum = 0;
      for (let pass = 0; pass < PASSES; pass++) for (let at = 0; at < LENGTH; at++) sum += array[at]!;
      return sum;
    }),
    set: time(LENGTH * PASSES, () => {
      for (let pass = 0; pass < PASSES; pass++) for (let at = 0; at < LENGTH; at++) array[at] = at ^ pass;
      return array[9];
    }),
    iterate: time(LENGTH * PASSES, () => {
      let sum = 0;
      for (let pass = 0; pass < PASSES; pass++)
        for (const value of Array.prototype.values.call(array) as Iterable<number>) sum += value;
      return sum;
    }),
  });
}

async function ours(): Promise<Round> {
  const { shared } = await import('heddle');
  const array = shared(Array.from({ length: LENGTH }, (_, at) => at));
  return () => ({
    at: time(LENGTH * PASSES, () => {
      let sum = 0;
      for (let pass = 0; pass < PASSES; pass++) for (let at = 0; at < LENGTH; at++) sum += array.at(at)!;
      return sum;
    }),
    set: time(LENGTH * PASSES, () => {
      for (let pass = 0; pass < PASSES; pass++) for (let at = 0; at < LENGTH; at++) array.set(at, at ^ pass);
      return array.at(9);
    }),
    iterate: time(LENGTH * PASSES, () => {
      let sum = 0;
      for (let pass = 0; pass < PASSES; pass++) for (const value of array) sum += value;
      return sum;
    }),
    push: time(PUSHED, () => {
      const made = shared<number[]>([]);
      for (let at = 0; at < PUSHED; at++) made.push(at);
      return made;
    }),
  });
}

export const bench: HeapBench = {
  url: import.meta.url,
  rounds: 15,
  warmup: 3,
  sides: { heddle: ours, plain, structs },
  comparisons: [
    { name: 'array at', measure: 'at', against: 'structs', label: "V8's SharedArray", target: '< 1' },
    { name: 'array at', measure: 'at', against: 'plain', target: '–' },
    { name: 'array set', measure: 'set', against: 'structs', label: "V8's SharedArray", target: '< 1' },
    { name: 'array set', measure: 'set', against: 'plain', target: '–' },
    {
      name: 'array for … of',
      measure: 'iterate',
      against: 'structs',
      label: "Array's iterator on V8's SharedArray",
      target: '< 1',
    },
    { name: 'array for … of', measure: 'iterate', against: 'plain', target: '–' },
    { name: 'array push', measure: 'push', against: 'plain', target: '≤ 1.2' },
  ],
};
