// What threads print: at once, in whole lines, also while the main thread is blocked or about to exit.
//
// H_STDOUT, H_STDERR: {mutex word, count of asynchronous waiters (never any), slot + 1 of the holder}. The lock keeps long writes of
// two threads apart. If a thread dies inside, the supervisor opens it.

import { atomic } from '../memory/atomics.js';
import { H_STDERR, H_STDOUT } from '../memory/layout.js';
import { slot } from '../memory/memory.js';
import { acquireBlocking, FREE, passOn, release } from '../memory/mutex.js';
import { type Descriptor, redirectOutput, writeAll } from '../platform/stdio.js';
import { mask, unmask } from '../sync/safepoint.js';

const HOLDER = 8;

/** Milliseconds between looks at a pipe whose reader is behind. */
const FULL_PIPE_PAUSE = 1;

/**
 * Writes to standard output (1) or standard error (2) before it returns. After `patience` milliseconds it writes although another
 * thread is in the middle of a write, and drops what a full pipe does not take: the thread that buries the dead must not wait for one of them,
 * nor for a reader.
 */
export function print(descriptor: Descriptor, text: string | Uint8Array, patience = Infinity): void {
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
  const lock = descriptor === 1 ? H_STDOUT : H_STDERR;
  const deadline = atomic.now() + patience;
  mask();
  const alone = acquireBlocking(lock, patience);
  if (alone) atomic.store(lock + HOLDER, slot + 1);
  try {
    writeAll(descriptor, bytes, () => atomic.now() < deadline && pause());
  } finally {
    if (alone) {
      atomic.store(lock + HOLDER, 0);
      release(lock);
    }
    unmask();
  }
}

/** A wait that nobody ends early: the null page's first word is always 0. */
function pause(): true {
  atomic.wait(0, 0, FULL_PIPE_PAUSE);
  return true;
}

/** A thread has died: opens the output locks if it was inside, and wakes others that it may have been about to wake. */
export function releaseOutput(deadSlot: number): void {
  for (const lock of [H_STDOUT, H_STDERR]) {
    if (atomic.load(lock + HOLDER) === deadSlot + 1 && atomic.load(lock) !== FREE) {
      atomic.store(lock + HOLDER, 0);
      release(lock);
    }
    passOn(lock);
  }
}

/** Sends this thread's `process.stdout`, `process.stderr` and console through `print`: each write is whole. */
export function redirectConsole(): void {
  redirectOutput((descriptor, bytes) => print(descriptor, bytes));
}
