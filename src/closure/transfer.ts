// Values that are moved instead of copied. The mark holds for one send: the code that sends the value removes the mark before it does
// anything else, even if the send fails. The buffers go (`detach`) when nothing can fail any more.

import { isAnyBuffer, isDetached } from '../heap/buffer.js';
import { isMovable } from '../platform/worker.js';

/** What goes along with a marked value. */
const marked = new WeakMap<object, readonly ArrayBuffer[]>();

/**
 * Marks a value, so that the next call that sends it moves its buffers: `queue.put(transfer(bytes))`, `run(hash, transfer(bytes))`, an argument
 * of a thread, the result of a task. After that this thread cannot use the buffers any more. If the call fails, the buffers stay here, and the mark
 * is gone. The mark works only on the value that is sent itself, not inside another object; for that use `transfer({ bytes }, [bytes.buffer])`.
 * Buffers that Node does not give away are copied: the one that small `Buffer`s lie in, a WebAssembly memory.
 *
 * @param value a buffer, a view of one, or an object that contains the buffers in `list`. Shared objects and primitives stay as they are.
 * @param list the buffers to move; by default the value, or the buffer that it is a view of.
 * @returns the value itself.
 * @throws TypeError if something in the list is not an ArrayBuffer, or was moved already.
 * @example
 * const bytes = new Uint8Array(1000);
 * console.log(await run((moved: Uint8Array) => moved.length, transfer(bytes)));
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
  marked.set(value, [...new Set(buffers)].filter(isMovable));
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

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** The buffers that go with a value, and takes the mark off. */
export function takeMarked(value: unknown): readonly ArrayBuffer[] {
  if (!isObject(value)) return [];
  const buffers = marked.get(value);
  if (buffers === undefined) return [];
  marked.delete(value);
  return buffers;
}

/** The buffers that go with values, each once, and takes the marks off. */
export function takeAllMarked(values: readonly unknown[]): ArrayBuffer[] {
  return values.some(isMarked) ? [...new Set(values.flatMap((value) => takeMarked(value)))] : [];
}

const isMarked = (value: unknown): boolean => isObject(value) && marked.has(value);

/** A call has failed before it sent anything: takes the marks off what it was given, and off what is in an array of arguments. */
export function forgetMarks(...given: readonly unknown[]): void {
  for (const value of given) {
    takeMarked(value);
    if (Array.isArray(value)) takeAllMarked(value);
  }
}

/** Runs the checks of a call; if they throw, what it was given is not marked any more. */
export function orForgetMarks<T>(check: () => T, ...given: readonly unknown[]): T {
  try {
    return check();
  } catch (error) {
    forgetMarks(...given);
    throw error;
  }
}

/** What was sent is gone here. */
export function detach(buffers: readonly ArrayBuffer[]): void {
  for (const buffer of buffers) {
    // Another call may have sent it meanwhile.
    if (isDetached(buffer)) continue;
    try {
      // The platform's way to do that on every version.
      structuredClone(undefined, { transfer: [buffer] });
    } catch {
      // It cannot be given away. It was copied, as anything else is.
    }
  }
}
