// A thread without the runtime: a worker that makes calls which lie in the shared heap, and leaves there what they give. Plain JavaScript:
// it runs as it is, in tests and in programs of any kind, and in the worker itself, which may have workers of its own.
import { Worker } from 'node:worker_threads';
import { inspectorCalls } from '#heddle/closure/out/capture.js';
import { fetchOwn, keepGifts, keepOwn, ownBuffers } from '#heddle/heap/buffer.js';
import { addressOf, adoptCell } from '#heddle/heap/inflight.js';
import { atomic } from '#heddle/memory/atomics.js';
import { H_SLOTS } from '#heddle/memory/layout.js';
import { memory } from '#heddle/memory/memory.js';
import { callOf, giveAway, Job, writeCall } from '#heddle/parcel/call.js';
import { unpack } from '#heddle/parcel/parcel.js';
import { wire } from '#heddle/wiring.js';

wire();

/** A slot of its own, in this process's memory. */
function seat() {
  const slot = Math.max(1, atomic.add(H_SLOTS, 1));
  atomic.store(H_SLOTS, slot + 1);
  return { memory, slot };
}

export class Target {
  #worker = new Worker(new URL('entry.mjs', import.meta.url), { execArgv: [], workerData: { seat: seat() } });
  #waiting = [];

  constructor() {
    this.#worker.on('message', (message) => {
      if ('exchange' in message) exchangeOver(message.exchange);
      else this.#waiting.shift().resolve(message);
    });
    this.#worker.on('error', (error) => {
      for (const { reject } of this.#waiting.splice(0)) reject(error);
    });
    this.#worker.unref();
  }

  /** Captures now; what cannot start throws here. */
  start(fn, args = []) {
    const before = inspectorCalls();
    const job = new Job();
    const { label, gifts } = writeCall(callOf(job), fn, args);
    giveAway(gifts);
    const inspected = inspectorCalls() - before;
    this.#worker.postMessage(addressOf(job));
    return { job, label, inspected, result: this.#answer(job) };
  }

  async #answer(job) {
    this.#worker.ref();
    const { address } = await new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
    if (this.#waiting.length === 0) this.#worker.unref();
    // Kept alive so far for the worker.
    addressOf(job);
    const [failed, packed] = adoptCell(address).toArray();
    const value = await unpack(packed);
    if (failed) throw value;
    return value;
  }

  async close() {
    await this.#worker.terminate();
  }
}

/** Buffers that the worker shares, or asks for; what one gives the other. */
function exchangeOver(port) {
  port.on('message', ({ serial, kept, gifts }) => {
    if (gifts) keepGifts(gifts);
    else if (kept) keepOwn(serial, kept);
    else {
      const given = ownBuffers.get(serial)?.given;
      const object = fetchOwn(serial);
      port.postMessage(object, given ? [object] : []);
    }
  });
  port.unref();
}
