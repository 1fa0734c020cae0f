// Values that are taken from the thread that sends them. Whatever sends takes the marks off its values first, and detaches when all has gone
// well: a mark holds for one try, and what was not sent is still there.

import { isAnyBuffer, isDetached } from '../heap/buffer.js';

/** What goes along with a marked value. */
const marked = new WeakMap<object, readonly ArrayBuffer[]>();
/** Whether there ever was one. */
let used = false;
const NONE: readonly ArrayBuffer[] = [];

/**
 * Marks a value to be moved by the next call that sends it: `queue.put(transfer(bytes))`, `run(fn, transfer(bytes))`. When it was sent its
 * buffers cannot be used in this thread any more, so nobody can mistake what is changed afterwards for what was sent. If the call fails they
 * stay: a queue was full, say.
 *
 * @param value a buffer, a view of one, or an object that has some of `list` in it. What is shared already, and primitives, stay as they are.
 * @param list the buffers to move; by default the value, or the buffer that it is a view of.
 * @returns the value itself.
 * @throws TypeError for something in the list that is no ArrayBuffer, or was moved already.
 */
export function transfer<T>(value: T, list?: readonly ArrayBuffer[]): T {
  if (list !== undefined && !Array.isArray(list)) {
    throw new TypeError(`transfer() takes the buffers to move as an array, not ${String(list)}`);
  }
  if (typeof value !== 'object' || value === null) {
    if (list !== undefined && list.length > 0)
      throw new TypeError(`transfer() cannot move buffers with ${String(value)}`);
    return value;
  }
  const buffers = list ?? buffersOf(value);
  for (const buffer of buffers) checkBuffer(buffer);
  marked.set(value, buffers);
  used = true;
  return value;
}

function buffersOf(value: object): ArrayBuffer[] {
  if (ArrayBuffer.isView(value)) return isShared(value.buffer) ? [] : [value.buffer as ArrayBuffer];
  if (isAnyBuffer(value)) return isShared(value) ? [] : [value as ArrayBuffer];
  throw new TypeError(
    'transfer() moves a buffer or a view of one; for an object with buffers in it say which: transfer(value, [value.bytes.buffer])',
  );
}

const isShared = (buffer: object): boolean => buffer instanceof SharedArrayBuffer;

function checkBuffer(buffer: unknown): void {
  if (typeof buffer !== 'object' || buffer === null || !isAnyBuffer(buffer) || isShared(buffer)) {
    throw new TypeError(`transfer() moves ArrayBuffers, not ${String(buffer)}`);
  }
  if (isDetached(buffer as ArrayBuffer)) throw new TypeError('transfer() cannot move a buffer that was moved already');
}

/** The buffers that go with values, and takes the marks off. */
export function takeMarked(values: readonly unknown[]): readonly ArrayBuffer[] {
  // Fast path: nobody moves anything.
  return used ? values.flatMap(takeOne) : NONE;
}

function takeOne(value: unknown): readonly ArrayBuffer[] {
  if (typeof value !== 'object' || value === null) return NONE;
  const buffers = marked.get(value);
  if (buffers === undefined) return NONE;
  marked.delete(value);
  return buffers;
}

/** What was sent is gone here. */
export function detach(buffers: readonly ArrayBuffer[]): void {
  if (buffers.length === 0) return;
  const left = new Set(buffers.filter((buffer) => !isDetached(buffer)));
  // The platform's way to do that on every version.
  structuredClone(undefined, { transfer: [...left] });
}
