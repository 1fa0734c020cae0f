// Starting the same function again: nothing is sent twice, and where nothing can change, nobody is asked.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { collect } from 'heddle';
import { captureCall, inspectorCalls } from '#heddle/closure/out/capture.js';
import { codesOf, Target, written } from './harness.ts';

const target = new Target();
const base = 10;
const scale = (n: number): number => n * base;
const table = { offset: 1 };
const frozen = Object.freeze({ offset: 2 });

test('code is written once', async () => {
  const work = (n: number): number => scale(n) + 1;
  const first = target.start(work, [1]);
  const codes = codesOf(written(first).values!);
  assert.equal(codes.length, 2);
  assert.equal(await first.result, 11);
  const second = target.start(work, [2]);
  assert.deepEqual(codesOf(written(second).fn!), codes);
  assert.equal(await second.result, 21);
});

test('from the second start on, constants are not looked up again', async () => {
  const work = (n: number): number => scale(n) + table.offset;
  const inspected: number[] = [];
  for (const n of [1, 2, 3]) {
    const start = target.start(work, [n]);
    assert.equal(await start.result, n * 10 + 1);
    inspected.push(start.inspected);
  }
  assert.ok(inspected[0]! > 0);
  assert.deepEqual(inspected.slice(1), [0, 0]);
});

test('what is behind a constant is copied at each start', async () => {
  const state = { n: 1 };
  const read = (): number => state.n;
  for (const n of [1, 2, 3, 4]) {
    state.n = n;
    assert.equal(await target.run(read), n);
  }
  assert.equal(target.start(read).inspected, 0);
});

test('a function that reaches nothing that changes is written once', async () => {
  const words = new Int32Array(new SharedArrayBuffer(4));
  const work = (n: number): number => Atomics.add(words, 0, n) + frozen.offset + scale(1);
  await target.run(work, 1);
  const second = written(target.start(work, [1]));
  assert.ok(second.fn);
  const third = target.start(work, [1]);
  assert.deepEqual(written(third), { fn: second.fn, values: undefined });
  assert.equal(third.inspected, 0);
  assert.equal(await third.result, 14);
});

test('arguments of a kept function are one graph with what it captured', async () => {
  class Point {
    readonly x: number;
    constructor(x: number) {
      this.x = x;
    }
  }
  const callback = (n: number): number => n;
  const isPoint = (value: unknown, fn: unknown): unknown[] => [
    value instanceof Point,
    fn === callback,
    (value as Point).x,
  ];
  for (const x of [1, 2, 3]) assert.deepEqual(await target.run(isPoint, new Point(x), callback), [true, true, x]);
  assert.ok(written(target.start(isPoint, [1, 2])).fn);
});

test('a variable that is assigned to somewhere is looked up each time', async () => {
  let current = 1;
  const read = (): number => current;
  for (const n of [1, 2, 3]) {
    current = n;
    assert.equal(await target.run(read), n);
  }
});

test('variables of loops: each closure has its own, or all have one', async () => {
  const own: (() => number)[] = [];
  for (let i = 0; i < 2; i++) own.push(() => i);
  const each: (() => number)[] = [];
  for (const i of [5, 6]) each.push(() => i);
  const one: (() => number)[] = [];
  for (const i of [7, 8]) {
    // biome-ignore lint/suspicious/noVar lint/correctness/noInnerDeclarations: it is what is tested
    var shared = i;
    one.push(() => shared);
    assert.equal(await target.run(one[0]!), i);
    assert.equal(await target.run(one[0]!), i);
  }
  for (let again = 0; again < 3; again++) {
    assert.deepEqual(await Promise.all([...own, ...each, ...one].map((fn) => target.run(fn))), [0, 1, 5, 6, 8, 8]);
  }
});

test('a variable captured before its initialisation is looked up again after', async () => {
  const read = (): string => typeof late;
  await target.run(read);
  await target.run(read);
  const late = 5;
  assert.equal(await target.run(read), 'number');
  assert.equal(await target.run(read), 'number');
  assert.equal(target.start(read).inspected, 0);
  assert.equal(late, 5);
});

test('parameters that are undefined are constants too', async () => {
  const make = (option?: number) => (): number => option ?? -1;
  const read = make();
  for (let n = 0; n < 2; n++) assert.equal(await target.run(read), -1);
  assert.equal(target.start(read).inspected, 0);
});

test('properties put on a kept function later arrive', async () => {
  const work = Object.assign((): number => (work as { limit?: number }).limit ?? 0, {});
  for (let n = 0; n < 3; n++) assert.equal(await target.run(work), 0);
  (work as { limit?: number }).limit = 5;
  assert.equal(await target.run(work), 5);
  (work as { limit?: number }).limit = 6;
  assert.equal(await target.run(work), 6);
});

test('static members and global variables of the program are as they are at each start', async () => {
  class Config {
    static level = 1;
    readonly level = Config.level;
  }
  const place = globalThis as unknown as { heddleLevel: number };
  place.heddleLevel = 1;
  const read = new Function('Config', 'return () => [Config.level, heddleLevel]')(Config) as () => number[];
  for (const n of [1, 2, 3, 4]) {
    Config.level = n;
    place.heddleLevel = n * 10;
    assert.deepEqual(await target.run(read), [n, n * 10]);
  }
});

test('a kept function that nobody can call any more is dropped where it was rebuilt', async () => {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  const kept = (): Promise<unknown> =>
    target.run(
      async (url: string) => {
        const { keptClosures } = (await import(url)) as typeof import('#heddle/closure/in/decode.js');
        const { forgetFunctions } = (await import(
          url.replace('closure/in/decode', 'parcel/call')
        )) as typeof import('#heddle/parcel/call.js');
        const { tidyDeeply } = (await import(
          url.replace('closure/in/decode', 'heap/tidy')
        )) as typeof import('#heddle/heap/tidy.js');
        forgetFunctions();
        tidyDeeply();
        await new Promise((resolve) => setImmediate(resolve));
        return [...keptClosures.values()].filter(({ fn }) => (fn as { name: string }).name === 'passing').length;
      },
      import.meta.resolve('#heddle/closure/in/decode.js'),
    );
  await (async () => {
    const passing = (): number => 1;
    for (let n = 0; n < 3; n++) await target.run(passing);
  })();
  let left: unknown;
  for (let turn = 0; turn < 100 && left !== 0; turn++) {
    collectGarbage();
    // What pins alone hold is counted.
    collect();
    await new Promise((resolve) => setImmediate(resolve));
    left = await kept();
  }
  assert.equal(left, 0);
});

test('the text of fresh closures is written once, and they are not kept', async () => {
  const make = (n: number) => (): number => n;
  const starts = [1, 2, 3].map((n) => target.start(make(n)));
  const [first, ...others] = starts.map(written);
  assert.equal(first!.fn, undefined);
  assert.equal(codesOf(first!.values!).length, 1);
  for (const { fn, values } of others) {
    assert.equal(fn, undefined);
    assert.deepEqual(codesOf(values!), codesOf(first!.values!));
  }
  assert.deepEqual(await Promise.all(starts.map(({ result }) => result)), [1, 2, 3]);
});

test('a function that was rebuilt is started in its thread without the inspector', async () => {
  const nested = target.start(
    async (captureUrl: string, fn: () => number) => {
      const capture = (await import(captureUrl)) as typeof import('#heddle/closure/out/capture.js');
      const before = capture.inspectorCalls();
      capture.captureCall(fn, []);
      return capture.inspectorCalls() - before;
    },
    [import.meta.resolve('#heddle/closure/out/capture.js'), (): number => scale(3) + table.offset],
  );
  assert.equal(await nested.result, 0);
});

test('inspector calls are counted', () => {
  const before = inspectorCalls();
  captureCall(() => base, []);
  assert.ok(inspectorCalls() > before);
});
