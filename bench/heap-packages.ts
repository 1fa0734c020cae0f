// What packages offer that keep objects in shared memory.

import { createRequire } from 'node:module';
import { type HeapBench, type Round, time } from './heap-sides.js';

const KEYS = 200;
const OPERATIONS = 2_000;
/** Operations of ours in a round: they are faster. */
const OURS = 100_000;

interface World {
  count: number;
  readonly position: { x: number };
  readonly list: number[];
}
const initial = (): World => ({ count: 0, position: { x: 0 }, list: Array.from({ length: 100 }, (_, at) => at) });

const keys = Array.from({ length: KEYS }, (_, at) => `key-${at}`);

function records(world: World, count: number): Record<string, number> {
  return {
    field: time(count, () => {
      for (let n = 0; n < count; n++) world.count += 1;
      return world.count;
    }),
    nested: time(count, () => {
      let sum = 0;
      for (let n = 0; n < count; n++) sum += world.position.x;
      return sum;
    }),
  };
}

async function ours(): Promise<Round> {
  const { shared } = await import('heddle');
  const world = shared(initial());
  const map = shared(new Map(keys.map((key, at) => [key, at])));
  return () => ({
    ...records(world as unknown as World, OURS),
    at: time(OURS, () => {
      let sum = 0;
      for (let n = 0; n < OURS; n++) sum += world.list.at(n % 100)!;
      return sum;
    }),
    get: time(OURS, () => {
      let sum = 0;
      for (let n = 0; n < OURS; n++) sum += map.get(keys[n % KEYS]!)!;
      return sum;
    }),
    set: time(OURS, () => {
      for (let n = 0; n < OURS; n++) map.set(keys[n % KEYS]!, n);
      return map;
    }),
  });
}

function theirs(world: World): Round {
  return () => ({
    ...records(world, OPERATIONS),
    at: time(OPERATIONS, () => {
      let sum = 0;
      for (let n = 0; n < OPERATIONS; n++) sum += world.list[n % 100]!;
      return sum;
    }),
  });
}

async function objectbuffer(): Promise<Round> {
  const { createObjectBuffer } = createRequire(import.meta.url)('@bnaya/objectbuffer') as {
    createObjectBuffer<T>(encoders: object, size: number, initial: T, options: object): T;
  };
  return theirs(
    createObjectBuffer({ textEncoder: new TextEncoder(), textDecoder: new TextDecoder() }, 2 ** 20, initial(), {
      useSharedArrayBuffer: true,
    }),
  );
}

async function jsonBuffer(): Promise<Round> {
  // It expects one, which Node 20 does not have.
  (globalThis as { navigator?: unknown }).navigator ??= { hardwareConcurrency: 2 };
  const { SharedJsonBuffer } = (await import('multithreading' as string)) as {
    SharedJsonBuffer: new <T>(initial: T, options: { size: number }) => T;
  };
  return theirs(new SharedJsonBuffer(initial(), { size: 2 ** 20 }));
}

function sharedmap(): Round {
  const Class = createRequire(import.meta.url)('sharedmap') as new (
    size: number,
    key: number,
    value: number,
  ) => { get(key: string): unknown; set(key: string, value: unknown): void };
  const map = new Class(2 * KEYS, 16, 16);
  for (const key of keys) map.set(key, key);
  return () => ({
    get: time(OPERATIONS, () => {
      let sum = 0;
      for (let n = 0; n < OPERATIONS; n++) sum += (map.get(keys[n % KEYS]!) as string).length;
      return sum;
    }),
    set: time(OPERATIONS, () => {
      for (let n = 0; n < OPERATIONS; n++) map.set(keys[n % KEYS]!, String(n));
      return map;
    }),
  });
}

const against = (side: 'objectbuffer' | 'SharedJsonBuffer' | 'sharedmap', measures: Record<string, string>) =>
  Object.entries(measures).map(
    ([measure, name]) => ({ name, measure, against: side, target: '≥ 20', inverse: true }) as const,
  );

const RECORDS = {
  field: 'field, read-modify-write',
  nested: 'field of an object in an object, read',
  at: 'array element, read',
};

export const bench: HeapBench = {
  url: import.meta.url,
  rounds: 11,
  warmup: 5,
  sides: { heddle: ours, objectbuffer, SharedJsonBuffer: jsonBuffer, sharedmap },
  comparisons: [
    ...against('objectbuffer', RECORDS),
    ...against('SharedJsonBuffer', RECORDS),
    ...against('sharedmap', { get: 'map get, string keys', set: 'map set, string keys' }),
  ],
};
