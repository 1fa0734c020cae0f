// Random programs on shared containers and on plain ones: after each step both say the same. A failure prints its seed, and
// HEDDLE_SEED repeats it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { allocateLock, SharedArray, SharedMap, SharedSet, scope, shared, startNewThread } from 'heddle';
import { counter, raise, reaches } from '../support/counter.ts';
import { extent } from '../support/extent.ts';
import { checkHeap, collectAll } from '../support/heap.ts';
import { primitives } from './corpus.ts';

const seed = Number(process.env['HEDDLE_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const RUNS = Number(process.env['HEDDLE_RUNS'] ?? extent(40, 150));

/** Values that are the same in a shared container and in a plain one: primitives, and objects that are shared already. */
const pool = [shared({ pooled: 1 }), shared([1]), shared(new Map()), new SharedSet<unknown>()];
const value = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: -3, max: 12 }) },
  fc.constantFrom(...primitives.filter((each) => typeof each !== 'string' || each.length < 5000)),
  fc.double(),
  fc.bigInt(),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(...pool),
);
const key = fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 0, max: 20 }) }, value);
const position = fc.integer({ min: -12, max: 12 });

/** A step of a program on a container: it is done to the shared and to the plain one, and what both give must be the same. */
type Step<T> = (on: T) => unknown;

interface Named<T> {
  readonly name: string;
  readonly step: Step<T>;
}

const named = <T, A extends unknown[]>(
  name: string,
  args: fc.Arbitrary<A>,
  step: (on: T, ...args: A) => unknown,
): fc.Arbitrary<Named<T>> =>
  args.map((given) => ({
    name: `${name}(${given.map((each) => fc.stringify(each).slice(0, 60)).join(', ')})`,
    step: (on) => step(on, ...given),
  }));

const none = fc.tuple();
const housekeeping = ['collect', 'scope', ''] as const;

/** What is done around a step: nothing mostly. */
const around = fc.oneof(
  { weight: 12, arbitrary: fc.constant('' as const) },
  { weight: 1, arbitrary: fc.constantFrom(...housekeeping) },
);

function outcome(action: () => unknown): unknown {
  try {
    return action();
  } catch (error) {
    return { threw: (error as Error).name };
  }
}

function agree<S, P>(
  name: string,
  steps: fc.Arbitrary<Named<P & S>>,
  make: () => { readonly mine: S; readonly theirs: P },
  contents: (of: P & S) => unknown,
): void {
  test(`${name}, seed ${seed}`, () => {
    const program = fc.array(fc.tuple(around, steps), { minLength: 1, maxLength: 60 });
    let runs = 0;
    fc.assert(
      fc.property(program, (sequence) => {
        const { mine, theirs } = make();
        for (const [housework, { name: step, step: run }] of sequence) {
          const itself = (result: unknown, self: unknown): unknown => (result === self ? 'itself' : result);
          if (housework === 'collect') collectAll();
          const doIt = (): unknown =>
            itself(
              outcome(() => run(mine as P & S)),
              mine,
            );
          const got = housework === 'scope' ? scope(() => toPlain(doIt())) : toPlain(doIt());
          assert.deepEqual(
            got,
            toPlain(
              itself(
                outcome(() => run(theirs as P & S)),
                theirs,
              ),
            ),
            step,
          );
          assert.deepEqual(contents(mine as P & S), contents(theirs as P & S), `after ${step}`);
        }
        if (++runs % 10 === 0) checkHeap();
      }),
      { seed, numRuns: RUNS, verbose: 1 },
    );
    collectAll();
    checkHeap();
  });
}

/** An iterator's results are compared, not iterators. Pooled objects are compared by identity, which deepEqual does not do. */
const toPlain = (result: unknown): unknown => {
  const pooled = pool.indexOf(result as never);
  if (pooled >= 0) return `pooled ${pooled}`;
  return Array.isArray(result) ? result.map(toPlain) : result;
};
const all = (of: Iterable<unknown>): unknown => toPlain([...of]);

type List = unknown[];

agree<SharedArray, List>(
  'a shared array agrees with an array',
  fc.oneof(
    named<List, [unknown[]]>('push', fc.tuple(fc.array(value, { maxLength: 5 })), (on, values) => on.push(...values)),
    named<List, []>('pop', none, (on) => on.pop()),
    named<List, []>('shift', none, (on) => on.shift()),
    named<List, [unknown[]]>('unshift', fc.tuple(fc.array(value, { maxLength: 4 })), (on, values) =>
      on.unshift(...values),
    ),
    named<List, [number, number, unknown[]]>(
      'splice',
      fc.tuple(position, position, fc.array(value, { maxLength: 6 })),
      (on, start, remove, values) => on.splice(start, remove, ...values),
    ),
    named<List, [number, unknown]>('set', fc.tuple(fc.integer({ min: 0, max: 30 }), value), (on, index, item) => {
      if (on instanceof SharedArray) {
        on.set(index, item);
        return;
      }
      const before = on.length;
      on[index] = item;
      if (index > before) on.fill(undefined, before, index);
    }),
    named<List, [number]>('at', fc.tuple(position), (on, index) => on.at(index)),
    named<List, [number]>('length', fc.tuple(fc.nat(40)), (on, length) => {
      const before = on.length;
      on.length = length;
      if (Array.isArray(on)) on.fill(undefined, before);
    }),
    named<List, [unknown, number, number]>('fill', fc.tuple(value, position, position), (on, item, start, end) =>
      on.fill(item, start, end),
    ),
    named<List, [number, number, number]>('copyWithin', fc.tuple(position, position, position), (on, to, start, end) =>
      on.copyWithin(to, start, end),
    ),
    named<List, []>('reverse', none, (on) => on.reverse()),
    named<List, []>('sort', none, (on) => on.sort((a, b) => String(typeof a).localeCompare(typeof b))),
    named<List, [unknown]>('includes', fc.tuple(value), (on, item) => [
      on.includes(item),
      on.indexOf(item),
      on.lastIndexOf(item),
    ]),
    named<List, [number, number]>('slice', fc.tuple(position, position), (on, start, end) => on.slice(start, end)),
    named<List, [number[]]>('iterate and change', fc.tuple(fc.array(fc.nat(5), { maxLength: 20 })), (on, choices) => {
      const seen: unknown[] = [];
      let at = 0;
      for (const item of on) {
        seen.push(item);
        const choice = choices[at++];
        if (choice === undefined) break;
        if (choice === 0) on.push(item);
        else if (choice === 1) on.pop();
        else if (choice === 2) on.shift();
      }
      return seen;
    }),
  ) as fc.Arbitrary<Named<List & SharedArray>>,
  () => ({ mine: new SharedArray(), theirs: [] }),
  (of) => all(of),
);

type Dictionary = Map<unknown, unknown>;

/** Iterators that are open over several steps. */
const iterateMap = (on: Dictionary, choices: readonly (readonly [number, unknown])[]): unknown => {
  const seen: unknown[] = [];
  const iterator = on.entries();
  for (const [choice, item] of choices) {
    if (choice === 0) on.set(item, seen.length);
    else if (choice === 1) on.delete(item);
    else if (choice === 2) on.clear();
    else {
      const { done, value: entry } = iterator.next();
      seen.push(done === true ? 'done' : [...(entry as [unknown, unknown])]);
    }
  }
  return seen;
};

const choices = fc.array(
  fc.tuple(fc.oneof({ weight: 6, arbitrary: fc.constantFrom(0, 1, 3) }, fc.constantFrom(2, 3)), key),
  { maxLength: 60 },
);

agree<SharedMap, Dictionary>(
  'a shared map agrees with a map',
  fc.oneof(
    {
      weight: 4,
      arbitrary: named<Dictionary, [unknown, unknown]>('set', fc.tuple(key, value), (on, k, v) => on.set(k, v)),
    },
    { weight: 2, arbitrary: named<Dictionary, [unknown]>('delete', fc.tuple(key), (on, k) => on.delete(k)) },
    named<Dictionary, [unknown]>('get', fc.tuple(key), (on, k) => [on.get(k), on.has(k)]),
    named<Dictionary, []>('size', none, (on) => on.size),
    {
      weight: 1,
      arbitrary: named<Dictionary, [number]>('clear', fc.tuple(fc.nat(3)), (on, chance) =>
        chance === 0 ? on.clear() : undefined,
      ),
    },
    named<Dictionary, []>('forEach', none, (on) => {
      const seen: unknown[] = [];
      on.forEach((v, k) => {
        seen.push(k, v);
        if (seen.length < 80) on.delete(seen.length);
        if (seen.length < 40) on.set(seen.length * 2, v);
      });
      return seen;
    }),
    named<Dictionary, [(readonly [number, unknown])[]]>('iterate', fc.tuple(choices), iterateMap),
    named<Dictionary, [unknown[]]>('set many', fc.tuple(fc.array(key, { maxLength: 50 })), (on, keys) =>
      keys.forEach((k, at) => void on.set(k, at)),
    ),
  ) as fc.Arbitrary<Named<Dictionary & SharedMap>>,
  () => ({ mine: new SharedMap(), theirs: new Map() }),
  (of) => [of.size, all(of)],
);

agree<SharedSet, Set<unknown>>(
  'a shared set agrees with a set',
  fc.oneof(
    { weight: 3, arbitrary: named<Set<unknown>, [unknown]>('add', fc.tuple(key), (on, k) => on.add(k)) },
    { weight: 2, arbitrary: named<Set<unknown>, [unknown]>('delete', fc.tuple(key), (on, k) => on.delete(k)) },
    named<Set<unknown>, [unknown]>('has', fc.tuple(key), (on, k) => on.has(k)),
    named<Set<unknown>, [number]>('clear', fc.tuple(fc.nat(3)), (on, chance) =>
      chance === 0 ? on.clear() : undefined,
    ),
    named<Set<unknown>, [(readonly [number, unknown])[]]>('iterate', fc.tuple(choices), (on, steps) => {
      const seen: unknown[] = [];
      const iterator = on.values();
      for (const [choice, item] of steps) {
        if (choice === 0) on.add(item);
        else if (choice === 1) on.delete(item);
        else if (choice === 2) on.clear();
        else {
          const { done, value: member } = iterator.next();
          seen.push(done === true ? 'done' : member);
        }
      }
      return seen;
    }),
  ) as fc.Arbitrary<Named<Set<unknown> & SharedSet>>,
  () => ({ mine: new SharedSet(), theirs: new Set() }),
  (of) => [of.size, all(of)],
);

const FIELDS = ['a', 'b', 'c', 'd', 'e'] as const;
type Row = Record<(typeof FIELDS)[number], unknown>;

test(`records whose fields change their types agree with objects, seed ${seed}`, () => {
  const row = fc.record(Object.fromEntries(FIELDS.map((field) => [field, value]))) as fc.Arbitrary<Row>;
  const steps = fc.array(fc.tuple(around, fc.constantFrom(...FIELDS), value), { maxLength: 60 });
  fc.assert(
    fc.property(row, steps, (start, sequence) => {
      const theirs = { ...start };
      const mine = shared({ ...start }) as Row;
      for (const [housework, field, item] of sequence) {
        if (housework === 'collect') collectAll();
        const write = (): void => {
          mine[field] = item;
        };
        if (housework === 'scope') scope(write);
        else write();
        theirs[field] = item;
        for (const each of FIELDS) assert.deepEqual(toPlain(mine[each]), toPlain(theirs[each]));
      }
    }),
    { seed, numRuns: RUNS },
  );
  checkHeap();
});

test(`strings and bigints come out as they went in, seed ${seed}`, () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 80 }),
    fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)), maxLength: 80 }),
    fc.string({ unit: fc.integer({ min: 0, max: 0xff }).map((unit) => String.fromCharCode(unit)), maxLength: 80 }),
    fc.string({ unit: 'binary-ascii', maxLength: 3000, size: 'max' }),
  );
  const record = shared({ field: '' as unknown });
  const map = new SharedMap<unknown, number>();
  fc.assert(
    fc.property(fc.oneof(text, fc.bigInt({ min: -(2n ** 400n), max: 2n ** 400n })), fc.nat(), (item, number) => {
      record.field = item;
      assert.equal(record.field, item);
      map.set(item, number);
      assert.equal(map.get(item), number);
    }),
    { seed, numRuns: RUNS * 10 },
  );
  checkHeap();
});

/** What threads do to the world: all of it commutes, so the outcome is that of one thread that does everything. */
type Deed = readonly [kind: number, key: number];

interface World {
  count: number;
  text: string;
  readonly list: { push(item: number): number; readonly length: number };
  readonly map: { get(key: string): number | undefined; set(key: string, value: number): unknown };
  readonly set: { add(item: string): unknown };
}

function act(world: World, [kind, at]: Deed): void {
  switch (kind) {
    case 0:
      world.count += at;
      break;
    case 1:
      world.list.push(at);
      break;
    case 2:
      world.map.set(`key ${at}`, (world.map.get(`key ${at}`) ?? 0) + 1);
      break;
    case 3:
      world.set.add(`a member of some length ${at}`);
      break;
    default:
      // As many characters as deeds of this kind: which they are does not matter.
      world.text += 'x';
  }
}

const summary = (world: World): unknown => ({
  count: world.count,
  text: world.text,
  list: [...(world.list as unknown as Iterable<number>)].sort((a, b) => a - b),
  map: [...(world.map as unknown as Iterable<[string, number]>)].sort(([a], [b]) => (a < b ? -1 : 1)),
  set: [...(world.set as unknown as Iterable<string>)].sort(),
});

test(`threads under a lock come to what one thread alone comes to, seed ${seed}`, () => {
  const deeds = fc.sample(
    fc.array(fc.tuple(fc.nat(4), fc.nat(300)), { minLength: 1500, maxLength: 1500, size: 'max' }),
    { seed, numRuns: 4 },
  );
  const alone: World = { count: 0, text: '', list: [], map: new Map<string, number>(), set: new Set<string>() };
  for (const each of deeds.flat()) act(alone, each);
  const world = shared({
    count: 0,
    text: '',
    list: [] as number[],
    map: new Map<string, number>(),
    set: new Set<string>(),
  });
  const lock = allocateLock();
  const done = counter();
  for (const mine of deeds) {
    startNewThread(
      (list: readonly Deed[]) => {
        try {
          for (const each of list) lock.with(() => act(world as never, each));
        } finally {
          raise(done);
        }
      },
      [mine],
    );
  }
  while (Atomics.load(done, 0) < deeds.length) {
    collectAll();
    lock.with(() => assert.ok(world.list.length <= 6000));
    Atomics.wait(done, 0, Atomics.load(done, 0), 5);
  }
  reaches(done, deeds.length);
  assert.deepEqual(summary(world as never), summary(alone));
  collectAll();
  checkHeap();
});

test(`threads without a lock lose nothing that single operations do, seed ${seed}`, () => {
  const map = new SharedMap<number, number>();
  const [set, list] = [new SharedSet<string>(), new SharedArray<number>()];
  const done = counter();
  const [THREADS, EACH] = [4, 2000];
  const inserted = counter();
  for (let n = 0; n < THREADS; n++) {
    startNewThread(
      (me: number) => {
        try {
          for (let at = 0; at < EACH; at++) {
            map.update(at % 7, (before) => (before ?? 0) + 1);
            if (set.insert(`member ${at}`)) raise(inserted);
            list.push(me * EACH + at);
            if (at % 100 === 0) list.sort((a, b) => a - b);
            if (map.getOrInsert(-at, me) === undefined) throw new Error('nothing there');
          }
        } finally {
          raise(done);
        }
      },
      [n],
    );
  }
  while (Atomics.load(done, 0) < THREADS) {
    collectAll();
    for (const [, count] of map) assert.ok(count >= 0);
    Atomics.wait(done, 0, Atomics.load(done, 0), 2);
  }
  reaches(done, THREADS);
  let sum = 0;
  for (let at = 0; at < 7; at++) sum += map.get(at)!;
  assert.equal(sum, THREADS * EACH);
  assert.equal(Atomics.load(inserted, 0), EACH);
  assert.equal(set.size, EACH);
  assert.deepEqual(
    list.toArray().sort((a, b) => a - b),
    Array.from({ length: THREADS * EACH }, (_, at) => at),
  );
  checkHeap();
});
