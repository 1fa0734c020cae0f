// Buffers and typed arrays. Their bytes are a SharedArrayBuffer of their own, outside the heap's memory: views on the memory itself could
// be stretched over other cells (`view.buffer`), and outlive their cell (`view.subarray()`). The heap holds what identifies a buffer;
// a thread that meets it for the first time gets the buffer itself from the exchange.
//
// Cell {header, serial, 0, kind of view, offset in bytes, length in elements, buffer's cell}; a buffer itself has kind 0. The length of a view that
// grows with its buffer is FOLLOWS.
//
// The exchange also keeps other objects that only a message of the platform's can carry (src/heap/attachment.ts): their kind is ATTACHED.

import { atomic } from '../memory/atomics.js';
import { H_BUFFERS, H_EXTERNAL } from '../memory/layout.js';
import { refresh, V } from '../memory/memory.js';
import { allocatePinned, classOf, fresh, tidyOutside } from './allocate.js';
import { k } from './kernel.js';
import { definePlain, type PlainKind } from './plain.js';
import { addExternal } from './room.js';
import { meetOutside, NUDGE_BYTES } from './tidy.js';
import { K_BUFFER, KIND_MASK } from './types.js';
import { cellOf, defineKind, nativeWrapper, readWord, storeWord } from './values.js';

const SERIAL = 1;
const VIEW = 3;
const OFFSET = 4;
const LENGTH = 5;
const BUFFER = 6;

const FOLLOWS = -1;

type ViewClass = new (buffer: ArrayBufferLike, offset: number, length?: number) => ArrayBufferView;

/** In the order of their numbers, from 1 on. Only at the end may be added to. */
const VIEWS: readonly string[] = [
  'Int8Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'Float32Array',
  'Float64Array',
  'BigInt64Array',
  'BigUint64Array',
  'DataView',
  'Buffer',
  'Float16Array',
];

/** The kind of view of a cell that stands for an object which is no buffer. */
const ATTACHED = 255;
/** And of one that is given away. */
const GIVEN = 254;

/** Where threads leave buffers, and other objects that only messages carry, for each other. */
export interface BufferExchange {
  /** @throws the platform's error for what no message carries. */
  publish(serial: number, kept: Kept): void;
  /** All of these are gone here then, or none of them. @throws the platform's error when one cannot be given away. */
  give(gifts: readonly Gift[]): void;
  /** The object of a serial number that somebody has published or given, or is about to; undefined = it was given to somebody else. */
  fetch(serial: number): object | undefined;
}

/** An object that only one thread can have. */
export interface Gift {
  readonly serial: number;
  readonly object: object;
  /** Of its cell. */
  readonly address: number;
}

/** An object that somebody keeps for all. */
export interface Kept {
  /** Undefined once it was given to somebody. */
  readonly object: object | undefined;
  /** Of the object's own, outside of the engine's memory. */
  readonly bytes: number;
  /** Of its cell. */
  readonly address: number;
  /** The first thread that asks gets it, and no other. */
  readonly given?: boolean;
}

/** The buffers of a process, kept by one of its threads. */
export class BufferStore {
  readonly #kept = new Map<number, Kept>();
  #bytes = 0;

  keep(serial: number, kept: Kept): void {
    this.#kept.set(serial, kept);
  }

  get(serial: number): Kept | undefined {
    return this.#kept.get(serial);
  }

  forget(serial: number): void {
    this.#kept.delete(serial);
  }

  entries(): Iterable<[number, Kept]> {
    return this.#kept;
  }

  /** Forgets all: another keeps them. */
  clear(): void {
    this.#kept.clear();
  }

  /**
   * Forgets those whose cells are gone. While nothing is swept.
   * @returns how many bytes they have, which are garbage of this thread until that is collected.
   */
  sweep(): number {
    refresh();
    let gone = 0;
    this.#bytes = 0;
    for (const [serial, { bytes, address }] of this.#kept) {
      if (isBuffer(serial, address)) this.#bytes += bytes;
      else {
        this.#kept.delete(serial);
        gone += bytes;
      }
    }
    V.F64[H_EXTERNAL >>> 3] = this.#bytes;
    return gone;
  }

  /** Whether so much garbage of its is worth collecting, in a thread that has little else. */
  isMuch(garbage: number): boolean {
    return garbage > Math.max(NUDGE_BYTES, this.#bytes);
  }
}

function isBuffer(serial: number, address: number): boolean {
  const cell = address >>> 2;
  if (k.isAllocated(address) === 0) return false;
  return (atomic.load(address) & KIND_MASK) === K_BUFFER && atomic.load((cell + SERIAL) * 4) === serial;
}

/** Buffers of this thread, as long as there is no exchange. */
export const ownBuffers = new BufferStore();

/** Keeps a buffer in this thread. Not the object itself: that is a wrapper, and would hold the pin of the cell that the store looks at. */
export function keepOwn(serial: number, { object, bytes, address }: Kept): void {
  ownBuffers.keep(serial, { object: structuredClone(object), bytes, address });
}

/** Keeps what is given away until somebody comes for it. */
export function keepGifts(gifts: readonly Gift[]): void {
  const objects = gifts.map(({ object }) => object);
  const moved = structuredClone(objects, { transfer: objects as never[] });
  for (const [at, { serial, address }] of gifts.entries())
    ownBuffers.keep(serial, { object: moved[at]!, bytes: 0, address, given: true });
}

/** A buffer that this thread keeps: an object of its own, for the same reason; or a gift, once. */
export function fetchOwn(serial: number): object | undefined {
  const kept = ownBuffers.get(serial);
  if (kept?.given !== true) return kept && structuredClone(kept.object);
  ownBuffers.forget(serial);
  return kept.object;
}

let exchange: BufferExchange = { publish: keepOwn, give: keepGifts, fetch: fetchOwn };

function fetchObject(serial: number): object {
  const found = exchange.fetch(serial);
  if (found === undefined) throw new Error(`the shared buffer ${serial} is not known`);
  return found;
}

export function exchangeBuffersBy(how: BufferExchange): void {
  exchange = how;
}

/** Buffers by what they were shared as: sharing one again is the same. */
const shared = new WeakMap<SharedArrayBuffer, SharedArrayBuffer>();

function make(
  serial: number,
  view: number,
  offset: number,
  length: number,
  buffer: number,
): { cell: number; page: unknown[] } {
  const cell = allocatePinned(classOf(28));
  const page = fresh.page;
  V.I32[cell + SERIAL] = serial;
  V.I32[cell + VIEW] = view;
  V.I32[cell + OFFSET] = offset;
  V.I32[cell + LENGTH] = length;
  if (buffer !== 0) storeWord(cell + BUFFER, buffer << 2);
  V.I32[cell] = K_BUFFER;
  return { cell, page };
}

function settle<T extends object>({ cell, page }: { cell: number; page: unknown[] }, wrapper: T): T {
  page[(cell & 1023) >> 2] = wrapper;
  return nativeWrapper(wrapper, cell);
}

/** A shared buffer with the bytes of another; one that is a SharedArrayBuffer already is shared as it is. */
export function shareBuffer(buffer: ArrayBufferLike): SharedArrayBuffer {
  if (isSharedBuffer(buffer)) {
    const known = shared.get(buffer);
    if (known !== undefined && cellOf(known) !== 0) return known;
    return publish(buffer);
  }
  const bytes = new Uint8Array(buffer);
  const copy = new SharedArrayBuffer(bytes.byteLength);
  new Uint8Array(copy).set(bytes);
  return publish(copy);
}

type Getter = (this: unknown) => unknown;

// The platform's own getters: what an object says of itself may be anything.
const getter = (prototype: object, name: string): Getter => Object.getOwnPropertyDescriptor(prototype, name)!.get!;
const plainSize = getter(ArrayBuffer.prototype, 'byteLength');
const sharedSize = getter(SharedArrayBuffer.prototype, 'byteLength');
const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as object;
const [typed, data] = [typedArray, DataView.prototype].map((prototype) => ({
  buffer: getter(prototype, 'buffer'),
  offset: getter(prototype, 'byteOffset'),
  bytes: getter(prototype, 'byteLength'),
  length: getter(prototype, prototype === typedArray ? 'length' : 'byteLength'),
})) as [
  Record<'buffer' | 'offset' | 'bytes' | 'length', Getter>,
  Record<'buffer' | 'offset' | 'bytes' | 'length', Getter>,
];

function accepts(get: Getter, value: object): boolean {
  try {
    get.call(value);
    return true;
  } catch {
    return false;
  }
}

const isSharedBuffer = (buffer: object): buffer is SharedArrayBuffer => accepts(sharedSize, buffer);

export const isAnyBuffer = (value: object): value is ArrayBufferLike =>
  accepts(plainSize, value) || isSharedBuffer(value);

/** Whether a buffer's memory is gone. */
export function isDetached(buffer: ArrayBufferLike): boolean {
  try {
    new Uint8Array(buffer);
    return false;
  } catch {
    return true;
  }
}

const gettersOf = (view: ArrayBufferView): typeof typed => (viewTag.get!.call(view) === undefined ? data : typed);

export const bufferOfView = (view: ArrayBufferView): ArrayBufferLike =>
  gettersOf(view).buffer.call(view) as ArrayBufferLike;

function publish(buffer: SharedArrayBuffer): SharedArrayBuffer {
  tidyOutside();
  const bytes = sharedSize.call(buffer) as number;
  const serial = atomic.add(H_BUFFERS, 1) + 1;
  const made = make(serial, 0, 0, 0, 0);
  exchange.publish(serial, { object: buffer, bytes, address: made.cell * 4 });
  addExternal(bytes);
  meetOutside(bytes, made.cell);
  shared.set(buffer, buffer);
  return settle(made, buffer);
}

/**
 * Makes an object that only a message carries the wrapper of a cell: each thread gets its own object for it, the first time that it meets
 * the cell. `bytes` are those that it holds outside of the engine's memory.
 * @throws the platform's error if no message carries it.
 */
export function publishObject(object: object, bytes: number): void {
  tidyOutside();
  const serial = atomic.add(H_BUFFERS, 1) + 1;
  const made = make(serial, ATTACHED, 0, bytes, 0);
  try {
    exchange.publish(serial, { object, bytes, address: made.cell * 4 });
  } catch (error) {
    // The cell has no object, and goes with one that nobody holds.
    settle(made, {});
    throw error;
  }
  addExternal(bytes);
  meetOutside(bytes, made.cell);
  settle(made, object);
}

/** A cell for an object that is to be given away; the object is this thread's until `give`. The caller holds what is returned until then. */
export function wrapGift(object: object): Gift {
  const serial = atomic.add(H_BUFFERS, 1) + 1;
  const made = make(serial, GIVEN, 0, 0, 0);
  const address = made.cell * 4;
  return settle(made, { serial, object, address });
}

/**
 * Gives objects away: who meets their cells first gets them.
 * @throws the platform's error when one cannot be given; then all are still here.
 */
export function give(gifts: readonly Gift[]): void {
  if (gifts.length > 0) exchange.give(gifts);
}

let follows: (view: ArrayBufferView) => boolean = () => false;

/** Says how to tell whether a view becomes longer with its buffer. */
export function tellFollowers(how: typeof follows): void {
  follows = how;
}

const growable = Object.getOwnPropertyDescriptor(SharedArrayBuffer.prototype, 'growable')?.get;

const canGrow = (buffer: ArrayBufferLike): boolean => isSharedBuffer(buffer) && growable?.call(buffer) === true;

const viewTag = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)!;

function viewNumber(view: ArrayBufferView): number {
  const { Buffer } = globalThis as { Buffer?: { isBuffer(value: unknown): boolean } };
  if (Buffer?.isBuffer(view) === true) return VIEWS.indexOf('Buffer') + 1;
  const name = (viewTag.get!.call(view) as string | undefined) ?? 'DataView';
  return VIEWS.indexOf(name) + 1;
}

/**
 * A view of the same type on shared memory. A Buffer gets memory of its own, since what else lies in its pool is none of its business.
 */
export function shareView(
  view: ArrayBufferView,
  buffers: (buffer: ArrayBufferLike) => SharedArrayBuffer,
): ArrayBufferView {
  const number = viewNumber(view);
  if (number === 0) throw new TypeError('this kind of view is not known');
  const get = gettersOf(view);
  const buffer = bufferOfView(view);
  const byteOffset = get.offset.call(view) as number;
  const isFollower = VIEWS[number - 1] !== 'Buffer' && canGrow(buffer) && follows(view);
  const length = isFollower ? FOLLOWS : (get.length.call(view) as number);
  const part = VIEWS[number - 1] === 'Buffer' && !isSharedBuffer(buffer);
  const bytes = part ? shareBuffer(plainBytes(buffer, byteOffset, get.bytes.call(view) as number)) : buffers(buffer);
  const offset = part ? 0 : byteOffset;
  const made = make(0, number, offset, length, cellOf(bytes));
  return settle(made, viewOn(number, bytes, offset, length));
}

function viewOn(number: number, buffer: ArrayBufferLike, offset: number, fixed: number): ArrayBufferView {
  const name = VIEWS[number - 1]!;
  const length = fixed === FOLLOWS ? undefined : fixed;
  if (name === 'Buffer') {
    const { Buffer } = globalThis as unknown as {
      Buffer: { from(buffer: ArrayBufferLike, offset: number, length?: number): ArrayBufferView };
    };
    return Buffer.from(buffer, offset, length);
  }
  const Class = (globalThis as unknown as Record<string, ViewClass>)[name]!;
  return new Class(buffer, offset, length);
}

function objectOf(cell: number): object {
  const view = V.I32[cell + VIEW]!;
  if (view === ATTACHED) {
    const object = fetchObject(V.I32[cell + SERIAL]!);
    meetOutside(V.I32[cell + LENGTH]!, cell);
    return nativeWrapper(object, cell);
  }
  if (view === GIVEN) {
    const object = exchange.fetch(V.I32[cell + SERIAL]!);
    if (object === undefined)
      throw new TypeError('this object can only be in one thread, and another thread has it already');
    // It is this thread's now, and no shared object: passed on, it is given away again.
    return object;
  }
  if (view === 0) {
    const buffer = fetchObject(V.I32[cell + SERIAL]!) as SharedArrayBuffer;
    shared.set(buffer, buffer);
    // No more than noted: pins of what is being read must stay.
    meetOutside(sharedSize.call(buffer) as number, cell);
    return nativeWrapper(buffer, cell);
  }
  const buffer = readWord(cell + BUFFER) as SharedArrayBuffer;
  return nativeWrapper(viewOn(view, buffer, V.I32[cell + OFFSET]!, V.I32[cell + LENGTH]!), cell);
}

const plain: PlainKind = {
  // A buffer also when its scope has ended: a view of it may go on.
  is: (value) =>
    value instanceof SharedArrayBuffer ? shared.has(value) : ArrayBuffer.isView(value) && cellOf(value) !== 0,
  copy(value, plain) {
    if (value instanceof SharedArrayBuffer) return { copy: plainBytes(value, 0, value.byteLength), fill() {} };
    const view = value as ArrayBufferView;
    const get = gettersOf(view);
    // The whole buffer, as structuredClone does: other views of the graph may lie on it, and see what is written to this one.
    const bytes = plain(bufferOfView(view)) as ArrayBuffer;
    const [offset, length] = [get.offset.call(view) as number, get.length.call(view) as number];
    return { copy: viewOn(viewNumber(view), bytes, offset, length), fill() {} };
  },
};

function plainBytes(buffer: ArrayBufferLike, offset: number, length: number): ArrayBuffer {
  const bytes = new ArrayBuffer(length);
  new Uint8Array(bytes).set(new Uint8Array(buffer, offset, length));
  return bytes;
}

/** Buffers and views, and what only messages carry: how a thread finds its object for one, and what is copied out. */
export function defineBuffers(): void {
  defineKind(K_BUFFER, objectOf);
  definePlain(plain);
}
