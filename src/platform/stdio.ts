// Output that is on its way when the call returns. A worker's own `process.stdout` goes through its parent's event loop: late while
// that is busy, lost when the process ends.

import { writeSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { isatty } from 'node:tty';

export type Descriptor = 1 | 2;

/**
 * Writes all of it. While a pipe is full `pause` is called, which waits a while, or returns false to drop the rest. A reader that has
 * gone away is not an error worth ending a thread for.
 */
export function writeAll(descriptor: Descriptor, bytes: Uint8Array, pause: () => boolean): void {
  for (let written = 0; written < bytes.length; ) {
    try {
      written += writeSync(descriptor, bytes, written);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // The main thread's streams put the descriptor into non-blocking mode, for everybody.
      if (code === 'EAGAIN') {
        if (!pause()) return;
      } else if (code === 'EPIPE' || code === 'EBADF' || code === 'EIO') {
        return;
      } else {
        throw error;
      }
    }
  }
}

/**
 * Makes `process.stdout` and `process.stderr` of this thread, and so its console, hand every chunk to `write`. The streams stay the
 * platform's own, whose parent sends them messages; only where they write to changes.
 */
export function redirectOutput(write: (descriptor: Descriptor, bytes: Uint8Array) => void): void {
  for (const [name, descriptor] of [
    ['stdout', 1],
    ['stderr', 2],
  ] as const) {
    const stream: Writable = process[name];
    stream._write = (chunk: Uint8Array | string, encoding, done) => {
      write(descriptor, typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk);
      done();
    };
    // Without it, chunks come one by one.
    Object.assign(stream, { _writev: null });
    showTerminal(stream, descriptor);
  }
}

/** Looked for when somebody asks: the platform loads all of its network for it. */
function showTerminal(stream: Writable, descriptor: Descriptor): void {
  const define = (value: unknown): boolean =>
    Reflect.defineProperty(stream, 'isTTY', { value, writable: true, enumerable: true, configurable: true });
  Object.defineProperty(stream, 'isTTY', {
    get(): true | undefined {
      const is = isatty(descriptor) || undefined;
      define(is);
      return is;
    },
    set: define,
    enumerable: true,
    configurable: true,
  });
}
