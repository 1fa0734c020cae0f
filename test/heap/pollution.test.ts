// Programs that have changed the platform's prototypes.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { program } from '../support/program.ts';

const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const support = new URL(`../support/heap.${extension}`, import.meta.url).href;

const USE = `
function use() {
  const all = shared({ a: 1, list: [1, { b: 2 }], map: new Map([['k', { c: 3 }]]), set: new Set([1]), at: new Date(5), error: Object.assign(new Error('x'), { code: 1 }), bytes: Uint8Array.of(1, 2) });
  all.list.push({ d: 4 });
  all.map.set('l', [5]);
  all.set.add({ e: 6 });
  all.a = 'text';
  return [all.list.length, all.map.get('k').c, all.map.size, all.set.size, all.at.getTime(), all.error.code, all.bytes[1], all.a, isShared(all), keys(all).length, snapshot(all).list[1].b];
}
`;

const EXPECTED = JSON.stringify([3, 3, 2, 2, 5, 1, 2, 'text', true, 7, 2]);

const POLLUTIONS: Readonly<Record<string, string>> = {
  'a property of all objects': `Object.prototype.polluted = 1;`,
  'a getter of all objects': `Object.defineProperty(Object.prototype, 'gotten', { enumerable: true, configurable: true, get() { throw new Error('no'); } });`,
  'setters for names of fields': `for (const name of ['a', 'list', 'map', 'length', 'path', 'step']) Object.defineProperty(Object.prototype, name, { configurable: true, set() { throw new Error('no'); }, get() { return undefined; } });`,
  'toJSON and then': `Object.prototype.toJSON = () => 'polluted'; Object.prototype.then = 5;`,
  'a property of all arrays': `Array.prototype.polluted = 1; Array.prototype.b = 'x';`,
  'forEach of maps and sets': `Map.prototype.forEach = Set.prototype.forEach = () => { throw new Error('no'); };`,
  'sizes of maps': `Object.defineProperty(Map.prototype, 'size', { get() { return 0; } });`,
  'what dates and errors say': `Error.prototype.name = 5; Error.prototype.toString = () => { throw new Error('no'); };`,
  'toString of functions and objects': `Object.prototype.toString = () => '[object SharedArrayBuffer]';`,
  'constructors of typed arrays': `Object.defineProperty(Uint8Array.prototype, 'constructor', { value: null });`,
};

for (const [name, pollution] of Object.entries(POLLUTIONS)) {
  test(`polluted: ${name}`, async () => {
    const outcome = await program(
      `
import { isShared, keys, shared, snapshot } from 'heddle';
import { checkHeap, collectAll } from '${support}';
${USE}
const stringify = JSON.stringify;
const before = Object.getOwnPropertyDescriptors(Object.prototype);
const log = console.log.bind(console);
let result;
try {
  ${pollution}
  result = use();
} catch (error) {
  // An error may be all that comes of it; the heap is whole.
  result = error;
}
for (const key of Reflect.ownKeys(Object.prototype)) if (!(key in before) || !Object.hasOwn(before, key)) delete Object.prototype[key];
Object.defineProperties(Object.prototype, before);
collectAll();
checkHeap();
if (result instanceof Error) log('refused'); else log(stringify(result));
`,
    );
    assert.equal(outcome.stderr, '');
    assert.equal(outcome.status, 0);
    assert.ok([EXPECTED, 'refused'].includes(outcome.stdout.trim()), outcome.stdout);
  });
}
