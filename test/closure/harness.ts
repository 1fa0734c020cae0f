// A thread without the runtime: a worker that rebuilds calls and sends back what they give.
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { captureCall, inspectorCalls, Ledger } from '#heddle/closure/capture.js';
import { rebuildValue } from '#heddle/closure/codec.js';
import { atomic } from '#heddle/memory/atomics.js';
import { H_SLOTS } from '#heddle/memory/layout.js';
import { memory } from '#heddle/memory/memory.js';
import { root } from '../support/program.ts';

interface Answer {
  readonly result?: unknown;
  readonly error?: unknown;
}

// biome-ignore lint/suspicious/noExplicitAny: any function may be started
type Startable = (...args: any[]) => unknown;

export interface Start {
  readonly packet: object;
  readonly label: string;
  /** How often the inspector was asked. */
  readonly inspected: number;
  /** Addresses of the shared objects that it names. */
  readonly handles: readonly number[];
  readonly result: Promise<unknown>;
}

/** A slot of its own, in this process's memory. */
function seat(): object {
  const slot = Math.max(1, atomic.add(H_SLOTS, 1));
  atomic.store(H_SLOTS, slot + 1);
  return { memory, slot };
}

export class Target {
  readonly #worker = new Worker(join(root, 'test/closure/entry.mjs'), { execArgv: [], workerData: { seat: seat() } });
  readonly #ledger = new Ledger();
  readonly #waiting: ((answer: Answer) => void)[] = [];

  constructor() {
    this.#worker.on('message', (answer: Answer) => this.#waiting.shift()!(answer));
    this.#worker.unref();
  }

  /** Captures now; what cannot start throws here. */
  start(fn: Startable, args: readonly unknown[] = [], kwargs?: object): Start {
    const before = inspectorCalls();
    const call = captureCall(fn, args, kwargs);
    const inspected = inspectorCalls() - before;
    const packet = call.packet(this.#ledger) as object;
    this.#worker.postMessage(packet, call.transfer as never);
    return { packet, label: call.label, inspected, handles: call.handles, result: this.#answer() };
  }

  /** What the function gives in the thread. */
  run(fn: Startable, ...args: unknown[]): Promise<unknown> {
    return this.start(fn, args).result;
  }

  async #answer(): Promise<unknown> {
    this.#worker.ref();
    const answer = await new Promise<Answer>((resolve, reject) => {
      this.#waiting.push(resolve);
      this.#worker.once('error', reject);
    });
    this.#worker.removeAllListeners('error');
    if (this.#waiting.length === 0) this.#worker.unref();
    if (answer.error) throw await rebuildValue(answer.error);
    return rebuildValue(answer.result);
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}

/** Most tests need no thread of their own. */
export const target = new Target();
export const run: Target['run'] = (fn, ...args) => target.run(fn, ...args);
