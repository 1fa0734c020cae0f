// Shared buffers on their way between threads. The supervisor keeps them all, since it is never blocked. A thread that shares a buffer sends it to
// the supervisor. A thread that meets the buffer in the heap for the first time asks for it, and is blocked until it comes. Other objects that
// only messages carry go the same way, such as a Blob or a WebAssembly.Module (src/heap/attachment.ts).
//
//   R_BUFFERS   how many answers the supervisor has sent to the thread; it parks on it

import { type BufferExchange, BufferStore, fetchOwn, type Kept, keepGifts, keepOwn } from '../heap/buffer.js';
import { lockCollector, unlockCollector } from '../heap/collector.js';
import { GC_COLLECTOR } from '../heap/types.js';
import { atomic } from '../memory/atomics.js';
import { R_BUFFERS } from '../memory/layout.js';
import { slot } from '../memory/memory.js';
import { record, recordOf } from '../memory/self.js';
import { MessageChannel, type MessagePort, receive, type Transferable } from '../platform/worker.js';
import { collectUnlessOver } from './collecting.js';
import type { BufferRequest } from './messages.js';
import { ask, hasSupervisor } from './supervisor.js';

/** Answers come here. */
let answers: MessagePort | undefined;

/** Sends this thread's buffers through the supervisor. The main thread keeps them itself as long as there is none. */
export const exchange: BufferExchange = {
  publish(serial, kept) {
    if (slot === 0 && !hasSupervisor()) keepOwn(serial, kept);
    else ask({ type: 'publish', serial, ...kept });
  },
  give(gifts) {
    if (slot === 0 && !hasSupervisor()) keepGifts(gifts);
    else
      ask(
        { type: 'give', gifts },
        gifts.map(({ object }) => object as Transferable),
      );
  },
  fetch(serial) {
    const own = slot === 0 && !hasSupervisor() ? fetchOwn(serial) : undefined;
    return own ?? fetch(serial);
  },
};

function fetch(serial: number): object | undefined {
  let port: MessagePort | undefined;
  if (answers === undefined) {
    const { port1, port2 } = new MessageChannel();
    answers = port1;
    answers.unref();
    port = port2;
  }
  const before = atomic.load(record + R_BUFFERS);
  const request: BufferRequest = { type: 'fetch', serial, slot, port };
  ask(request, port === undefined ? [] : [port]);
  for (;;) {
    const answer = receive(answers) as { serial: number; object: object | undefined } | undefined;
    if (answer?.serial === serial) return answer.object;
    if (answer === undefined) atomic.wait(record + R_BUFFERS, before, 100);
  }
}

/** Milliseconds until the supervisor tries to sweep again when a collection is in the way. */
const SWEEP_RETRY = 2;

/** The supervisor's side. */
export class BufferKeeper {
  readonly #store = new BufferStore();
  readonly #ports = new Map<number, MessagePort>();
  /** The slots of threads that wait for a buffer whose publisher's message has not come yet. */
  readonly #waiting = new Map<number, number[]>();
  /** Bytes of buffers that were let go of since this thread's garbage was collected. */
  #garbage = 0;
  #retry: NodeJS.Timeout | undefined;

  handle(request: BufferRequest): void {
    if (request.type === 'publish') {
      this.#keep(request.serial, request);
      return;
    }
    if (request.type === 'give') {
      for (const gift of request.gifts) this.#keep(gift.serial, { ...gift, bytes: 0, given: true });
      return;
    }
    if (request.port !== undefined) {
      request.port.unref();
      this.#ports.set(request.slot, request.port);
    }
    if (this.#store.get(request.serial) !== undefined) this.#answer(request.slot, request.serial);
    else this.#waiting.set(request.serial, [...(this.#waiting.get(request.serial) ?? []), request.slot]);
  }

  #keep(serial: number, kept: Kept): void {
    this.#store.keep(serial, kept);
    for (const waiter of this.#waiting.get(serial) ?? []) this.#answer(waiter, serial);
    this.#waiting.delete(serial);
  }

  #answer(waiter: number, serial: number): void {
    const kept = this.#store.get(serial)!;
    const { object } = kept;
    const transfer = kept.given === true && object !== undefined ? [object as Transferable] : [];
    this.#ports.get(waiter)?.postMessage({ serial, object }, transfer);
    // The next thread that asks for it is told that it is gone.
    if (transfer.length > 0) this.#store.keep(serial, { ...kept, object: undefined });
    atomic.add(recordOf(waiter) + R_BUFFERS, 1);
    atomic.notify(recordOf(waiter) + R_BUFFERS, Infinity);
  }

  /** After a collection: lets go of what no cell names any more. Its engine sees small objects, and would leave them for long. */
  sweep(): void {
    if (!lockCollector(GC_COLLECTOR, false)) {
      // Where one collection follows the other it could be so each time.
      this.#retry ??= setTimeout(() => {
        this.#retry = undefined;
        this.sweep();
      }, SWEEP_RETRY);
      return;
    }
    try {
      this.#garbage += this.#store.sweep();
    } finally {
      unlockCollector();
    }
    if (!this.#store.isMuch(this.#garbage)) return;
    this.#garbage = 0;
    collectUnlessOver();
  }
}
