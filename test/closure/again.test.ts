// Starting the same function again: nothing is sent twice, and where nothing can change, nobody is asked.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { captureCall, inspectorCalls, Ledger } from '#heddle/closure/capture.js';
import { Target } from './harness.ts';

interface Packet {
  readonly codes?: unknown[];
  readonly closure?: { id: string; graph?: unknown };
  readonly graph?: unknown;
  readonly args?: unknown[];
  readonly drop?: string[];
}

const target = new Target();
const base = 10;
const scale = (n: number): number => n * base;
const table = { offset: 1 };
const frozen = Object.freeze({ offset: 2 });

test('the first start sends code, the second none', async () => {
  const work = (n: number): number => scale(n) + 1;
  const first = target.start(work, [1]);
  assert.equal((first.packet as Packet).codes?.length, 2);
  assert.equal(await first.result, 11);
  const second = target.start(work, [2]);
  assert.equal((second.packet as Packet).codes, undefined);
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

test('a function that reaches nothing that changes is kept by the target', async () => {
  const words = new Int32Array(new SharedArrayBuffer(4));
  const work = (n: number): number => Atomics.add(words, 0, n) + frozen.offset + scale(1);
  await target.run(work, 1);
  const second = target.start(work, [1]).packet as Packet;
  assert.ok(second.closure?.graph);
  const third = target.start(work, [1]);
  assert.deepEqual(third.packet, { closure: { id: second.closure.id }, args: [1] });
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
  assert.ok((target.start(isPoint, [1, 2]).packet as Packet).closure);
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

test('each target is told only what it does not know', () => {
  const work = (): number => scale(2);
  const other = new Ledger();
  captureCall(work, [], undefined).packet(new Ledger());
  captureCall(work, [], undefined).packet(new Ledger());
  const call = captureCall(work, [], undefined);
  const first = call.packet(other) as Packet;
  assert.equal(first.codes?.length, 2);
  assert.ok(first.closure?.graph);
  const again = captureCall(work, [], undefined).packet(other) as Packet;
  assert.deepEqual(again, { closure: { id: first.closure.id }, args: [] });
});

test('a kept function that is gone here is dropped there', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const ledger = new Ledger();
  let id = '';
  (() => {
    const work = (): number => 1;
    for (let n = 0; n < 2; n++) id = (captureCall(work, [], undefined).packet(ledger) as Packet).closure?.id ?? '';
  })();
  assert.notEqual(id, '');
  const other = (): number => 2;
  let dropped: string[] = [];
  for (let turn = 0; turn < 100 && dropped.length === 0; turn++) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
    dropped = (captureCall(other, [], undefined).packet(ledger) as Packet).drop ?? [];
  }
  assert.deepEqual(dropped, [id]);
});

test('fresh closures of one text send it once, and are not kept', () => {
  const ledger = new Ledger();
  const make = (n: number) => (): number => n;
  const packets = [1, 2, 3].map((n) => captureCall(make(n), [], undefined).packet(ledger) as Packet);
  assert.deepEqual(
    packets.map(({ codes, closure }) => [codes?.length, closure]),
    [
      [1, undefined],
      [undefined, undefined],
      [undefined, undefined],
    ],
  );
});

test('a function that was rebuilt is started in its thread without the inspector', async () => {
  const nested = target.start(
    async (captureUrl: string, fn: () => number) => {
      const capture = (await import(captureUrl)) as typeof import('#heddle/closure/capture.js');
      const before = capture.inspectorCalls();
      capture.captureCall(fn, [], undefined).packet(new capture.Ledger());
      return capture.inspectorCalls() - before;
    },
    [import.meta.resolve('#heddle/closure/capture.js'), (): number => scale(3) + table.offset],
  );
  assert.equal(await nested.result, 0);
});

test('inspector calls are counted', () => {
  const before = inspectorCalls();
  captureCall(() => base, [], undefined);
  assert.ok(inspectorCalls() > before);
});
