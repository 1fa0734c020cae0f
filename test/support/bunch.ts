// Several threads that run one function.

import { _count, start_new_thread } from 'heddle/thread';
import { becomes, type Counter, counter, raise, reaches } from './counter.ts';

export interface Bunch {
  readonly started: Counter;
  readonly finished: Counter;
  readonly size: number;
}

/** Starts `size` threads and waits until all run. */
export function bunch(size: number, work: (index: number) => unknown): Bunch {
  const started = counter();
  const finished = counter();
  for (let n = 0; n < size; n++) {
    start_new_thread(
      (index: number) => {
        raise(started);
        try {
          work(index);
        } finally {
          raise(finished);
        }
      },
      [n],
    );
  }
  reaches(started, size, 'threads started');
  return { started, finished, size };
}

export function waitForFinished({ finished, size }: Bunch): void {
  reaches(finished, size, 'threads finished');
}

/** Waits until no thread is left, which is a moment after its function has ended. */
export function waitForThreads(count = 0): void {
  becomes(() => _count() === count, `_count() === ${count}`);
}
