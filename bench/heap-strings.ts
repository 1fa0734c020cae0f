// Strings that were never shared before: written to a field, and read for the first time.

import { type HeapBench, type Round, structRealm, time } from './heap-sides.js';

interface Holder {
  text: string;
}

const SIZES = { 10: 10_000, 10000: 500 } as const;

/** Texts that nobody has seen before, flat and of one byte a unit. */
let serial = 0;
function freshTexts(length: number, count: number): string[] {
  return Array.from({ length: count }, () => {
    const number = String(serial++);
    return Buffer.from(number.padStart(length, 'abcdefghij')).toString('latin1');
  });
}

function write(holders: readonly Holder[], texts: readonly string[]): Holder {
  for (let at = 0; at < texts.length; at++) holders[at]!.text = texts[at]!;
  return holders[0]!;
}

function read(holders: readonly Holder[], count: number): number {
  let sum = 0;
  for (let at = 0; at < count; at++) {
    const { text } = holders[at]!;
    sum += text.charCodeAt(text.length - 1);
  }
  return sum;
}

function measure(make: () => Holder): Round {
  const holders = Array.from({ length: Math.max(...Object.values(SIZES)) }, make);
  return () => {
    const result: Record<string, number> = {};
    for (const [length, count] of Object.entries(SIZES)) {
      const texts = freshTexts(Number(length), count);
      const writing = time(count, () => write(holders, texts));
      const reading = time(count, () => read(holders, count));
      result[`write ${length}`] = writing;
      result[`read ${length}`] = reading;
      result[`both ${length}`] = writing + reading;
    }
    return result;
  };
}

const lines = (length: number, text: string) => [
  {
    name: `string of ${text} characters, write and first read`,
    measure: `both ${length}`,
    against: 'structs',
    target: '≤ 2.5',
  } as const,
  { name: `string of ${text} characters, write`, measure: `write ${length}`, against: 'structs', target: '–' } as const,
  {
    name: `string of ${text} characters, first read`,
    measure: `read ${length}`,
    against: 'structs',
    target: '–',
  } as const,
];

export const bench: HeapBench = {
  url: import.meta.url,
  rounds: 15,
  warmup: 5,
  sides: {
    async heddle() {
      const { heapClass } = await import('./heap-class.js');
      const Class = heapClass<Holder>('BenchHolder', { text: 'string' });
      return measure(() => new Class());
    },
    structs() {
      const Struct = new structRealm.SharedStructType(['text']);
      return measure(() => new Struct());
    },
  },
  comparisons: [...lines(10, '10'), ...lines(10_000, '10,000')],
};
