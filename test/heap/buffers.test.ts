// Buffers and views: real typed arrays on shared memory.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isShared, type SharedArray, shared, snapshot } from 'heddle';
import { NEVER } from '../support/counter.ts';
import { checkHeap, collectAll, elsewhere } from '../support/heap.ts';
import { program } from '../support/program.ts';

const TYPES = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
] as const;
const ALL = [...TYPES, BigInt64Array, BigUint64Array];

test('a typed array is shared as one of its type, with its elements', () => {
  for (const Type of TYPES) {
    const plain = new Type([1, 2, 200]);
    const view = shared(plain);
    assert.equal(view.constructor, Type);
    assert.ok(view.buffer instanceof SharedArrayBuffer);
    assert.deepEqual([...view], [...plain]);
    plain[0] = 7;
    assert.equal(view[0], 1);
    assert.ok(isShared(view));
    assert.equal(shared(view), view);
  }
});

test('a view is the same view where it is, and one memory in all threads', () => {
  const all = shared(ALL.map((Type) => new Type(4))) as unknown as SharedArray<Uint8Array>;
  const views = all.toArray();
  elsewhere((given) => {
    for (const view of given) new Uint8Array(view.buffer, view.byteOffset, view.byteLength).fill(1);
    for (const view of given) Reflect.set(view, 0, typeof view[0] === 'bigint' ? 7n : 7);
  }, all);
  for (const [at, Type] of ALL.entries()) {
    const view = all.at(at)!;
    assert.equal(view, views[at]);
    assert.equal(view.constructor, Type);
    assert.equal(Number(view[0]), 7);
    assert.equal(new Uint8Array(view.buffer).at(-1), 1);
  }
  collectAll();
  assert.ok(all.every((view, at) => view === views[at]));
  checkHeap();
});

test('views of one buffer in one graph are views of one buffer afterwards', () => {
  const buffer = new ArrayBuffer(16);
  const all = shared({
    bytes: new Uint8Array(buffer),
    part: new Uint16Array(buffer, 4, 2),
    data: new DataView(buffer, 2, 8),
    buffer,
  });
  assert.equal(all.bytes.buffer, all.buffer);
  assert.equal(all.part.buffer, all.buffer);
  assert.deepEqual([all.part.byteOffset, all.part.length, all.data.byteOffset, all.data.byteLength], [4, 2, 2, 8]);
  all.data.setUint8(3, 99);
  assert.equal(all.bytes[5], 99);
  elsewhere((given) => {
    if (given.part.buffer !== given.bytes.buffer) throw new Error('another buffer');
    given.part[0] = 0xffff;
  }, all);
  assert.deepEqual([...all.bytes.slice(3, 7)], [0, 255, 255, 0]);
});

test('a buffer that is plain is copied each time that it is shared, also in one turn', () => {
  const plain = Uint8Array.of(1);
  const first = shared(plain);
  plain[0] = 2;
  const second = shared(plain);
  assert.deepEqual([first[0], second[0]], [1, 2]);
  assert.notEqual(first.buffer, second.buffer);
});

test('a SharedArrayBuffer is shared as it is', () => {
  const buffer = new SharedArrayBuffer(8);
  const record = shared({ buffer, view: new Int32Array(buffer) });
  assert.equal(record.buffer, buffer);
  assert.equal(record.view.buffer, buffer);
  assert.equal(shared(buffer), buffer);
  assert.ok(isShared(buffer));
});

test('Atomics work on shared views', () => {
  const words = shared(new Int32Array(2));
  elsewhere((given) => {
    for (let n = 0; n < 1000; n++) Atomics.add(given, 0, 1);
    Atomics.store(given, 1, 1);
    Atomics.notify(given, 1);
  }, words);
  assert.equal(Atomics.load(words, 0), 1000);
  assert.notEqual(Atomics.wait(words, 1, 0, NEVER), 'timed-out');
});

test('a Buffer is a Buffer of its own part', () => {
  const pool = Buffer.from('before the text after');
  const record = shared({ text: pool.subarray(11, 15) });
  assert.ok(Buffer.isBuffer(record.text));
  assert.equal(record.text.toString(), 'text');
  assert.equal(record.text.buffer.byteLength, 4);
  elsewhere((given) => {
    if (!Buffer.isBuffer(given.text)) throw new Error('no Buffer');
    given.text.write('TEXT');
  }, record);
  assert.equal(record.text.toString(), 'TEXT');
  assert.equal(pool.toString(), 'before the text after');
});

test('empty buffers and views', () => {
  const all = shared([
    new ArrayBuffer(0),
    new Uint8Array(0),
    new DataView(new ArrayBuffer(0)),
    Buffer.alloc(0),
  ]) as unknown as SharedArray<{ byteLength: number }>;
  assert.deepEqual(
    all.map(({ byteLength }) => byteLength),
    [0, 0, 0, 0],
  );
  elsewhere((given) => {
    if (given.some(({ byteLength }) => byteLength !== 0)) throw new Error('not empty');
  }, all);
});

test('a snapshot is plain memory with the same bytes', () => {
  const record = shared({
    view: Float64Array.of(1.5, NaN),
    bytes: Buffer.from('abc'),
    raw: Uint8Array.of(1, 2).buffer,
  });
  const copy = snapshot(record);
  assert.ok(copy.view.buffer instanceof ArrayBuffer);
  assert.deepEqual([...copy.view], [1.5, NaN]);
  assert.ok(Buffer.isBuffer(copy.bytes));
  assert.equal(copy.bytes.toString(), 'abc');
  assert.ok(copy.raw instanceof ArrayBuffer);
  record.view[0] = 2;
  assert.equal(copy.view[0], 1.5);
});

test('a snapshot of a part of a buffer is a part of its copy', () => {
  const copy = snapshot(shared(new Uint16Array(Uint16Array.of(1, 2, 3, 4).buffer, 2, 2)));
  assert.deepEqual([...copy], [2, 3]);
  assert.ok(copy.buffer instanceof ArrayBuffer);
  assert.deepEqual([...new Uint16Array(copy.buffer)], [1, 2, 3, 4]);
});

test('views that lie on one buffer do so in a snapshot, as in a structured clone', () => {
  const { buffer } = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
  const text = Buffer.from('text');
  const graph = {
    part: new Uint16Array(buffer, 2, 2),
    buffer,
    data: new DataView(buffer, 4),
    list: [new Uint8Array(buffer)],
    text,
    other: new Uint8Array(8),
  };
  const copy = snapshot(shared(graph));
  for (const view of [copy.part, copy.data, copy.list[0]!]) assert.equal(view.buffer, copy.buffer);
  assert.ok(copy.buffer instanceof ArrayBuffer);
  assert.notEqual(copy.other.buffer, copy.buffer);
  copy.part[1] = 0x0908;
  assert.equal(copy.data.getUint8(0), 8);
  assert.deepEqual([...copy.list[0]!], [1, 2, 3, 4, 8, 9, 7, 8]);
  assert.ok(Buffer.isBuffer(copy.text));
  assert.equal(String(copy.text), 'text');
  assert.deepEqual([...graph.list[0]!], [1, 2, 3, 4, 5, 6, 7, 8]);
});

test('a detached buffer is refused with its path, and so is a view of it', () => {
  const buffer = new ArrayBuffer(8);
  const view = new Uint8Array(buffer);
  structuredClone(buffer, { transfer: [buffer] });
  for (const part of [buffer, view]) {
    assert.throws(() => shared({ a: [part] }), { name: 'TypeError', message: /\.a\[0\] cannot be shared/ });
  }
  checkHeap();
});

test('buffers that nobody names any more are let go of, and new ones made', () => {
  const keep = shared({ view: new Uint8Array(10).fill(5) });
  for (let n = 0; n < 300; n++) keep.view = shared(new Uint8Array(100_000).fill(n));
  collectAll();
  assert.equal(keep.view[99_999], 299 % 256);
  elsewhere((given) => {
    if (given.view[0] !== 299 % 256) throw new Error(`${given.view[0]}`);
  }, keep);
  checkHeap();
});

/** What buffers take that the program has made, in MiB, while it makes 2 GiB of them and keeps the last. */
const churn = (prepare: string, put: string, size: number): string => `
import { Queue, shared, startNewThread } from 'heddle';
const world = shared({ last: null });
${prepare}
const taken = () => process.memoryUsage().arrayBuffers / 2 ** 20;
let most = 0;
for (let made = 0; made < 2048; made += ${size}) {
  const view = shared(new Uint8Array(${size} * 2 ** 20));
  ${put}
  if (made % 64 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  most = Math.max(most, taken());
}
console.log(Math.round(most));
process.exit();
`;
const CONSUMER = `
const queue = new Queue({ maxSize: 10 });
startNewThread((queue) => { while (queue.get().length > 0); }, [queue]);
`;

for (const [what, prepare, put, size, limit] of [
  ['of 1 MiB', '', 'world.last = view;', 1, 600],
  ['of 8 MiB', '', 'world.last = view;', 8, 700],
  ['that another thread takes from a queue', CONSUMER, 'queue.put(view);', 1, 900],
] as const) {
  test(`buffers ${what} that nobody holds any more do not pile up`, async () => {
    const { stdout, stderr } = await program(churn(prepare, put, size));
    assert.equal(stderr, '');
    const most = Number(stdout);
    assert.ok(most > 0 && most < limit, `${most} MiB of 2048`);
  });
}

const growing = (size: number): SharedArrayBuffer => new SharedArrayBuffer(size, { maxByteLength: 64 });
const grow = (buffer: ArrayBufferLike, size: number): void => (buffer as SharedArrayBuffer).grow(size);

test('a view that grows with its buffer does so where it is shared, and in other threads; one of a fixed length keeps that', () => {
  const buffer = growing(8);
  const world = shared({
    bytes: new Uint8Array(buffer),
    part: new Uint16Array(buffer, 4),
    data: new DataView(buffer),
    fixed: new Uint8Array(buffer, 0, 8),
    inner: new Uint8Array(buffer, 2, 2),
    text: Buffer.from(buffer),
  });
  const lengths = (): number[] => [
    world.bytes.length,
    world.part.length,
    world.data.byteLength,
    world.fixed.length,
    world.inner.length,
    world.text.length,
  ];
  assert.deepEqual(lengths(), [8, 2, 8, 8, 2, 8]);
  elsewhere((given) => {
    const before = [given.bytes.length, given.part.length, given.data.byteLength].join();
    if (before !== '8,2,8') throw new Error(before);
    (given.bytes.buffer as SharedArrayBuffer).grow(16);
    const after = [given.bytes.length, given.part.length, given.data.byteLength, given.fixed.length].join();
    if (after !== '16,6,16,8') throw new Error(after);
    given.bytes[15] = 9;
  }, world);
  assert.deepEqual(lengths(), [16, 6, 16, 8, 2, 8]);
  assert.equal(world.bytes[15], 9);
  grow(buffer, 32);
  elsewhere((given) => {
    if (given.bytes.length !== 32 || given.fixed.length !== 8) throw new Error(String(given.bytes.length));
  }, world);
  assert.deepEqual([snapshot(world).bytes.length, snapshot(world).fixed.length], [32, 8]);
  checkHeap();
});
