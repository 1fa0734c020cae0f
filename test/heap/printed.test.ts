// What util.inspect and JSON.stringify make of shared objects: what they make of the plain data.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import {
  allocateLock,
  Condition,
  Event,
  indexed,
  Queue,
  RLock,
  RWLock,
  Semaphore,
  scope,
  shared,
  struct,
  Thread,
  t,
} from 'heddle';
import { checkHeap, elsewhere } from '../support/heap.ts';

// biome-ignore lint/suspicious/noExplicitAny: graphs of all kinds.
type Any = any;

const PrintedGone = struct('PrintedGone', { n: t.f64 });

test('cycles are printed as those of plain data, at any depth', () => {
  const plain: Any = { name: 'root', kids: [], map: new Map(), set: new Set(), error: new Error('x') };
  for (let n = 0; n < 3; n++) plain.kids.push({ n, parent: plain, siblings: plain.kids });
  plain.map.set('all', plain.kids).set(plain.kids, plain.map).set(plain.kids[0], plain);
  plain.set.add(plain.set).add(plain);
  Object.assign(plain.error, { of: plain });
  const copy = shared(plain);
  for (const depth of [0, 1, 2, 3, 5, 50, null, Infinity]) {
    assert.equal(inspect(copy, { depth }), inspect(plain, { depth }), `depth ${depth}`);
    assert.equal(inspect({ a: [copy] }, { depth }), inspect({ a: [plain] }, { depth }), `inside, depth ${depth}`);
  }
  for (const part of ['kids', 'map', 'set'])
    assert.equal(inspect(copy[part], { depth: 9 }), inspect(plain[part], { depth: 9 }));
});

test('what is met twice is printed twice, and not once more for each way to it', () => {
  const leaf = { n: 1 };
  assert.equal(inspect(shared([leaf, leaf])), '[ { n: 1 }, { n: 1 } ]');
  assert.equal(JSON.stringify(shared({ a: leaf, b: [leaf] })), '{"a":{"n":1},"b":[{"n":1}]}');
  const root: Any = { kids: [] };
  for (let n = 0; n < 300; n++) root.kids.push({ n, root });
  assert.ok(inspect(shared(root), { depth: null, maxArrayLength: null }).length < 30_000);
});

test('JSON of a cycle is the TypeError that it is without sharing', () => {
  const circular = { name: 'TypeError', message: /^Converting circular structure to JSON/ };
  const record: Any = { list: [] };
  record.list.push({ map: new Map([['k', new Set([record])]]) });
  for (const part of [shared(record), shared(record).list, shared(record).list.at(0).map])
    assert.throws(() => JSON.stringify(part), circular);
  assert.throws(() => JSON.stringify(shared(new Map([[{ record }, 1]]))), circular);
  // What a replacer leaves out does not matter.
  assert.equal(
    JSON.stringify(shared(record), (key, value: unknown) => (key === 'list' ? 1 : value)),
    '{"list":1}',
  );
});

test('of a large graph only what is printed is converted', () => {
  let list: unknown = null;
  for (let n = 0; n < 20_000; n++) list = { n, next: list };
  const long = shared({ list, numbers: Array.from({ length: 300_000 }, (_, n) => ({ n })) });
  inspect(long);
  const begin = process.cpuUsage();
  for (let n = 0; n < 200; n++) inspect(long);
  // All of it once is a quarter of a second.
  assert.ok(process.cpuUsage(begin).user < 5_000_000);
  assert.match(inspect(long), /299900 more items/);
  assert.match(inspect(long), /next: \[Object\]/);
  const elements = { maxArrayLength: 2 };
  assert.equal(inspect(shared([1, 2, 3]), elements), inspect([1, 2, 3], elements));
  const map = new Map([
    [{ a: 1 }, 1],
    [{ a: 2 }, 2],
    [{ a: 3 }, 3],
  ]);
  assert.equal(inspect(shared(map), elements), inspect(map, elements));
  assert.equal(inspect(shared(new Set(map.keys())), elements), inspect(new Set(map.keys()), elements));
});

test('structs are printed with their names, and by their own methods where they have some', () => {
  const Named = struct('PrintedNamed', { n: t.f64, next: t.any });
  const [first, second] = [new Named({ n: 1 }), new Named({ n: 2 })];
  first.next = [second];
  second.next = first;
  assert.equal(
    inspect(first, { depth: 9, breakLength: 200 }),
    '<ref *1> PrintedNamed { n: 1, next: [ PrintedNamed { n: 2, next: [Circular *1] } ] }',
  );
  assert.equal(inspect(first, { depth: 0 }), 'PrintedNamed { n: 1, next: [Array] }');
  assert.equal(inspect(first, { depth: 1 }), 'PrintedNamed { n: 1, next: [ [PrintedNamed] ] }');

  const Own = struct(
    'PrintedOwn',
    { n: t.f64, parent: t.any },
    class {
      declare n: number;
      toJSON(): string {
        return `json ${this.n}`;
      }
      [inspect.custom](): string {
        return `own ${this.n}`;
      }
    },
  );
  const holder = shared({ list: [new Own({ n: 1 })], parent: null as unknown });
  holder.list.at(0)!.parent = holder;
  assert.equal(inspect(holder), '{ list: [ own 1 ], parent: null }');
  assert.equal(JSON.stringify(holder), '{"list":["json 1"],"parent":null}');
});

test('a field that is named toJSON is a field', () => {
  const plain: Any = { toJSON: 5, a: [1, { toJSON: null }] };
  const record = shared(plain);
  assert.equal(JSON.stringify(record), JSON.stringify(plain));
  assert.equal(JSON.stringify({ record }), JSON.stringify({ record: plain }));
  record.a.at(1).toJSON = record;
  assert.equal(record.a.at(1).toJSON, record);
  assert.throws(() => JSON.stringify(record), { name: 'TypeError', message: /circular structure/ });
  record.toJSON = 6;
  assert.equal(record.toJSON, 6);
  elsewhere((given: Any) => {
    if (JSON.stringify(given, ['toJSON']) !== '{"toJSON":6}') throw new Error(JSON.stringify(given, ['toJSON']));
  }, record);
  const Named = struct('PrintedToJSON', { toJSON: t.f64 });
  assert.equal(JSON.stringify(shared({ a: new Named(1) })), '{"a":{"toJSON":1}}');
  assert.equal(JSON.stringify(new Named(1)), '{"toJSON":1}');
  checkHeap();
});

test('locks are printed as ever inside, and refuse JSON', () => {
  const holder = shared({ lock: allocateLock(), queue: new Queue() });
  assert.match(inspect(holder), /lock: <unlocked lock object.*queue: <Queue of 0 items/s);
  assert.throws(() => JSON.stringify(holder), {
    name: 'TypeError',
    message: /cannot pickle|cannot be written as JSON/,
  });
});

test('an object whose scope has ended says so when it is printed, and throws as ever when it is used', () => {
  const all = scope(() => [
    shared({ a: 1 }),
    shared([1]),
    shared(new Map([[1, 1]])),
    shared(new Set([1])),
    indexed(shared([1])),
    new PrintedGone({ n: 1 }),
  ]);
  const locks = scope(() => [
    allocateLock(),
    new RLock(),
    new RWLock(),
    new Condition(),
    new Event(),
    new Semaphore(),
    new Queue(),
    new Thread(() => {}),
  ]);
  for (const gone of [...all, ...locks]) {
    assert.equal(inspect(gone), '<gone: its scope has ended>');
    assert.equal(inspect({ gone }), '{ gone: <gone: its scope has ended> }');
  }
  for (const gone of all) assert.throws(() => JSON.stringify(gone), ReferenceError);
});
