// What orders threads: every step on the words of locks, futures, events and the like, and the operations of queues, maps and sets. A new kind of lock
// that is made of these needs no line here.

import { type HeapKernel, k } from '../../heap/kernel.js';
import { SHAPE_IDS, SHAPE_TEXTS, STRUCTS, TITLES } from '../../heap/roots.js';
import { cellAt } from '../../heap/whereabouts.js';
import { atomic, platformAtomics } from '../../memory/atomics.js';
import { H_ROOTS, HEAP_START } from '../../memory/layout.js';
import { memory, V } from '../../memory/memory.js';
import { CONTENDED, FREE } from '../../memory/mutex.js';
import { beforeRoll } from '../../sync/kinds.js';
import { raw } from '../raw.js';
import { acquire, begin, end, orders, release } from './clocks.js';

/** To enter a roll, as readers do, is no order among those who enter: who waits for them to leave takes what they have done. */
function isEnrolment(address: number, expected: number): boolean {
  if (expected !== 0 || address >>> 0 < HEAP_START) return false;
  const cell = cellAt(address >>> 0);
  return cell !== 0 && (address >>> 0) - cell >= beforeRoll(V.I32[cell >>> 2]!);
}

function watchWords(): void {
  atomic.load = (address) => {
    const value = raw.load(address);
    if (orders(address)) acquire(address);
    return value;
  };
  atomic.store = (address, value) => {
    if (!orders(address)) {
      raw.store(address, value);
      return;
    }
    const place = begin(address);
    raw.store(address, value);
    end(place, true);
  };
  atomic.exchange = (address, value) => {
    if (!orders(address)) return raw.exchange(address, value);
    const place = begin(address);
    const before = raw.exchange(address, value);
    // A mutex that was not free is marked as contended: that lets go of nothing.
    end(place, value !== CONTENDED || before === FREE);
    return before;
  };
  atomic.compareExchange = (address, expected, value) => {
    if (!orders(address) || isEnrolment(address, expected)) return raw.compareExchange(address, expected, value);
    const place = begin(address);
    const before = raw.compareExchange(address, expected, value);
    end(place, before === expected);
    return before;
  };
  for (const name of ['add', 'or', 'and'] as const) {
    const operation = raw[name];
    atomic[name] = (address, value) => {
      if (!orders(address)) return operation(address, value);
      const place = begin(address);
      const before = operation(address, value);
      end(place, true);
      return before;
    };
  }
}

/** The library's own maps order nothing that programs do. */
const OWN_ROOTS = [SHAPE_IDS, SHAPE_TEXTS, STRUCTS, TITLES];
const isOwn = (address: number): boolean =>
  OWN_ROOTS.some((root) => V.I32[(H_ROOTS >>> 2) + root]! >>> 0 === address >>> 0);

const GIVING: readonly (keyof HeapKernel)[] = [
  'queuePut',
  'queuePutByKey',
  'queueShut',
  'tablePut',
  'tableDelete',
  'tableReplace',
];
const TAKING: readonly (keyof HeapKernel)[] = [
  ...GIVING,
  'queueGet',
  'tableGet',
  'tableGetNumber',
  'tableGetContent',
  'tableTouch',
  'tableNext',
];

function watchContainers(): void {
  for (const name of TAKING) {
    const operation = k[name] as (...given: number[]) => number;
    const gives = GIVING.includes(name);
    (k as unknown as Record<string, typeof operation>)[name] = (...given) => {
      const address = given[0]!;
      if (isOwn(address)) return operation(...given);
      if (gives) release(address);
      const answer = operation(...given);
      acquire(address);
      return answer;
    };
  }
}

/** The program's own, on shared buffers: known by their place in a buffer of that length, since a buffer has no name that all threads know. */
function watchAtomics(): void {
  type View = Int32Array;
  type Method = (view: View, ...rest: number[]) => unknown;
  const own = platformAtomics as unknown as Record<string, Method>;
  const isWatched = (view: View): boolean =>
    view?.buffer instanceof SharedArrayBuffer && view.buffer !== (memory.buffer as unknown) && view.length < 2 ** 22;
  const keyOf = (view: View, index: number): number =>
    (Math.imul(view.buffer.byteLength, 31) + view.byteOffset + Number(index) * view.BYTES_PER_ELEMENT) & ~3;
  const wrap = (name: string, before: boolean, after: boolean): void => {
    const method = own[name]!;
    const wrapped: Method = (view, ...rest) => {
      if (!isWatched(view)) return method(view, ...rest);
      if (before) release(keyOf(view, rest[0]!));
      const answer = method(view, ...rest);
      if (after) acquire(keyOf(view, rest[0]!));
      return answer;
    };
    Object.defineProperty(own, name, { value: wrapped, configurable: true, writable: true });
  };
  for (const name of ['exchange', 'compareExchange', 'add', 'sub', 'and', 'or', 'xor']) wrap(name, true, true);
  for (const name of ['store', 'notify']) wrap(name, true, false);
  for (const name of ['load', 'wait']) wrap(name, false, true);
}

export function watchOrder(): void {
  watchWords();
  watchContainers();
  watchAtomics();
}
