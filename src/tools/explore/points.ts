// Where an exploring thread gives others the turn: before each step on a lock, future, executor or barrier, each operation of a queue, map, set
// or array, and each access to a field. All steps are the library's as ever; only waiting, waking and the clock are the exploration's.
//
// What is done once in a thread, and not in the next schedule, is no step of the program's: the heap's own tables, and the maps of shapes.

import { lookAt, STATE } from '../../futures/state.js';
import { ArrayCell, COUNT, READ } from '../../heap/array-cell.js';
import { type HeapKernel, k } from '../../heap/kernel.js';
import { type Makings, madeClasses, type RecordClass, watchClasses } from '../../heap/record-class.js';
import { cellAt } from '../../heap/whereabouts.js';
import { atomic } from '../../memory/atomics.js';
import { H_ROOTS, H_STDERR, H_STDOUT, HEAP_START, ROOTS } from '../../memory/layout.js';
import { V } from '../../memory/memory.js';
import { parking, patience } from '../../memory/park.js';
import { beforeRoll } from '../../sync/kinds.js';
import { FAILED, get, say, TRACING } from './board.js';
import { ERROR, tellAccess, tellStep, tellSubmit, tellTask, tellWait } from './story.js';
import { Abort, block, giveUp, isGivenUp, point, self, unblock, virtualNow } from './turns.js';

/** Operations of the kernel on what several threads can have. */
const OPERATIONS: readonly (keyof HeapKernel)[] = [
  'arraySet',
  'arraySetNumber',
  'arrayReplace',
  'arrayPush',
  'arraySplice',
  'arrayCopy',
  'arrayWrite',
  'arrayResize',
  'queuePut',
  'queuePutByKey',
  'queueGet',
  'queueLeave',
  'queueShut',
  'tableGet',
  'tableGetNumber',
  'tableGetContent',
  'tableTouch',
  'tablePut',
  'tableDelete',
  'tableReplace',
  'tableNext',
];

/** The word that was looked at last, if nothing was done since: looking again shows the same. */
let looked = 0;

/** Above 0: what runs is a point itself, or the start of a thread, whose own steps are none. */
let quietness = 0;

/** What comes now is no step of the program's; false = that is over. */
export function quiet(begins: boolean): void {
  quietness += begins ? 1 : -1;
}

/** A point, and then what the step is, if that is told. */
function step(tell: () => void, mayThrow = false): void {
  if (quietness > 0) return;
  quietness++;
  try {
    point(mayThrow);
    if (get(TRACING) === 1 && !isGivenUp()) tell();
  } finally {
    quietness--;
  }
}

let inTask = false;

/** This thread takes part in a schedule from now on. */
export function begin(): void {
  quietness = 0;
  inTask = false;
  looked = 0;
}

/** A thread of an executor, whose own doings are no steps, makes a call. */
export function beginTask(fn: { readonly name: string }): void {
  if (self.number < 0) return;
  inTask = true;
  quietness--;
  step(() => tellTask(fn.name));
}

/** To submit one is one step. */
export function submitTask({ name }: { readonly name: string }): void {
  if (self.number < 0) return;
  const before = quietness;
  quietness = 0;
  step(() => tellSubmit(name));
  quietness = before;
}

export function endTask(task: number): void {
  if (self.number < 0 || !inTask) return;
  // That it fails now is nobody's news.
  if (isGivenUp()) lookAt(task + STATE);
  inTask = false;
  quietness++;
}

function quietly(tell: () => void): void {
  quietness++;
  try {
    tell();
  } finally {
    quietness--;
  }
}

function isRoot(address: number): boolean {
  for (let root = 0; root < ROOTS; root++) if (V.I32[(H_ROOTS >>> 2) + root]! >>> 0 === address >>> 0) return true;
  return false;
}

/**
 * Whether steps on a word are the program's. Those on a roll come together with others on the same lock, and there are more or less of them
 * by chance.
 */
function isShown(address: number): boolean {
  if (self.number < 0 || address >>> 0 < HEAP_START) return false;
  const cell = cellAt(address >>> 0);
  return cell !== 0 && (address >>> 0) - cell < beforeRoll(V.I32[cell >>> 2]!);
}

/** Whether a wait is one in which others are to go on. */
const isTurnOver = (address: number): boolean =>
  self.number >= 0 && (parking.on !== undefined || isShown(address)) && (address < H_STDOUT || address > H_STDERR + 12);

function watchWords(): void {
  // Of another tool, if there is one.
  const before = { ...atomic };
  const touch = (address: number): void => {
    looked = 0;
    step(() => tellStep(address));
  };
  atomic.load = (address) => {
    if (isShown(address) && looked !== address) {
      step(() => tellStep(address));
      looked = address;
    }
    return before.load(address);
  };
  atomic.store = (address, value) => {
    if (isShown(address)) touch(address);
    before.store(address, value);
  };
  for (const name of ['exchange', 'add', 'or', 'and'] as const) {
    const operation = before[name];
    atomic[name] = (address, value) => {
      if (isShown(address)) touch(address);
      return operation(address, value);
    };
  }
  atomic.compareExchange = (address, expected, value) => {
    if (isShown(address)) touch(address);
    return before.compareExchange(address, expected, value);
  };
  atomic.wait = (address, expected, timeout) => {
    if (!isTurnOver(address)) return before.wait(address, expected, timeout);
    if (isGivenUp()) throw new Abort();
    looked = 0;
    if (before.load(address) !== expected) return 'not-equal';
    if (get(TRACING) === 1 && parking.on?.idle !== true) quietly(tellWait);
    return block(address, timeout);
  };
  atomic.notify = (address, count) => {
    if (self.number < 0 || isGivenUp()) return before.notify(address, count);
    const woken = unblock(address, count);
    return woken + before.notify(address, count);
  };
  const { waitAsync } = before;
  atomic.waitAsync = (address, expected, timeout, done) => {
    if (self.number >= 0 && !isGivenUp()) {
      giveUp(FAILED);
      say([self.number, LATER, '', ERROR]);
    }
    return waitAsync(address, expected, timeout, done);
  };
  // A thread that waits for work has only one time-out that matters.
  const { slice } = patience;
  Object.defineProperty(patience, 'slice', {
    get: () => (self.number >= 0 && parking.on?.idle === true ? Infinity : slice),
  });
  atomic.now = () => (self.number < 0 ? before.now() : virtualNow());
}

function watchContainers(): void {
  for (const name of OPERATIONS) {
    const operation = k[name] as (...given: number[]) => number;
    (k as unknown as Record<string, typeof operation>)[name] = (...given) => {
      if (self.number >= 0 && !isRoot(given[0]!)) {
        looked = 0;
        step(() => tellStep(given[0]!));
      }
      return operation(...given);
    };
  }
  const reads = ArrayCell.prototype[READ];
  ArrayCell.prototype[READ] = function (index) {
    if (self.number >= 0) step(() => tellStep(this), true);
    return reads.call(this, index);
  };
  const count = Object.getOwnPropertyDescriptor(ArrayCell.prototype, COUNT)!;
  Object.defineProperty(ArrayCell.prototype, COUNT, {
    ...count,
    get(this: ArrayCell) {
      if (self.number >= 0) step(() => tellStep(this), true);
      return count.get!.call(this);
    },
  });
}

/** The accessors of a class of records. */
function watchFields(Class: RecordClass, { name: of, fields }: Makings): void {
  const prototype = Class.prototype as object;
  for (const { name } of fields) {
    const { get: read, set: write, ...rest } = Object.getOwnPropertyDescriptor(prototype, name)!;
    const field = of === 'Object' ? name : `${of}.${name}`;
    Object.defineProperty(prototype, name, {
      ...rest,
      get(this: object) {
        if (self.number < 0) return read!.call(this);
        looked = 0;
        step(() => {}, true);
        const value = read!.call(this);
        if (quietness === 0 && get(TRACING) === 1 && !isGivenUp()) quietly(() => tellAccess('reads', field, value));
        return value;
      },
      set(this: object, value: unknown) {
        if (self.number >= 0) {
          looked = 0;
          step(() => tellAccess('writes', field, value), true);
        }
        write!.call(this, value);
      },
    });
  }
}

const LATER =
  'explore() runs threads that block, and this one waits on its event loop: call the method without the suffix Async';

let watched = false;

/** From now on this thread's steps are points, while it takes part in an exploration. */
export function watchSteps(): void {
  if (watched) return;
  watched = true;
  watchWords();
  watchContainers();
  for (const { Class, makings } of madeClasses) watchFields(Class, makings);
  watchClasses(watchFields);
}
