// The taking side of the station: tasks from the queue to threads, and their outcomes back. No code of a task runs here, so its lease is
// renewed however busy the threads are.
//
//   taken ──▶ opened: signature, packages ──▶ its code from the engine ──▶ parcels ──▶ a thread of the pool ──▶ outcome, sealed
//
// A lease is renewed when a third of it has gone. The worker has a clock of its own: when it has not heard for four fifths of the lease that the
// task is still its own, it stops the task, before anybody else can begin it. It says nothing to the engine then, which would take that for
// an outcome.

import { shared } from '../data/shared.js';
import { OUTCOME } from '../futures/cell.js';
import { submitParcels, type ThreadPoolExecutor } from '../futures/executor.js';
import { Future } from '../futures/future.js';
import { packError } from '../futures/outcome.js';
import { FAILED, STATE } from '../futures/state.js';
import { atomic } from '../memory/atomics.js';
import type { CallParcels } from '../parcel/call.js';
import { addressOf, loadHeld } from '../sync/cell.js';
import { Event } from '../sync/event.js';
import { isAway } from './engine/away.js';
import type { Consumer, Settled, Taken } from './engine/seam.js';
import { Unsigned } from './errors.js';
import type { Post } from './post.js';
import { CANCELLED, GIVEN_UP } from './reasons.js';
import { INLINE_OUTCOME } from './store.js';
import { noticesOut, runningTasks, type TaskRecord } from './task.js';
import type { Header, Opened } from './wire/seal.js';

export interface WorkerSettings {
  readonly queues: readonly string[];
  readonly maxWorkers: number;
  /** "host/pid" */
  readonly name: string;
}

/** Milliseconds for which a task is taken, if it does not say so. */
export const LEASE = 30_000;
const TICK = 50;
/** Of the lease, after which it is renewed, and after which the task is stopped. */
const RENEW = 1 / 3;
const STOP = 4 / 5;
/** Outcomes whose ids are remembered, so that what is put there again is not run again. */
const REMEMBERED = 100_000;

interface Running {
  readonly taken: Taken;
  readonly header: Header;
  readonly future: Future<unknown>;
  readonly record: TaskRecord;
  readonly lease: number;
  /** When it was last asked for, of those times whose answer was that the task is this worker's. */
  confirmed: number;
  asked: number;
  stopped: 'cancelled' | 'lost' | undefined;
  /** The call has returned a promise, so nothing of it can be stopped: nobody waits for it any more. */
  readonly leave: () => void;
}

export class TaskWorker {
  readonly #post: Post;
  readonly #settings: WorkerSettings;
  readonly #pool: ThreadPoolExecutor;
  readonly #running = new Map<string, Running>();
  /** Tasks that are over, and wait until what they have said has gone out. */
  readonly #talking = new Map<string, () => void>();
  readonly #consumers: Consumer[] = [];
  /** Signatures of calls that are being made, by their id, and of those whose outcome the engine has. */
  readonly #taken = new Map<string, string>();
  readonly #done = new Set<string>();
  readonly #timer: NodeJS.Timeout;

  constructor(post: Post, settings: WorkerSettings, pool: ThreadPoolExecutor) {
    this.#post = post;
    this.#settings = settings;
    this.#pool = pool;
    this.#timer = setInterval(() => this.#tick(), TICK);
  }

  get running(): string[] {
    return [...this.#running.keys()];
  }

  /** What a task has said has gone out, all of it. */
  hasSaidAll(id: string): void {
    this.#talking.get(id)?.();
    this.#talking.delete(id);
  }

  async begin(): Promise<void> {
    const { engine } = this.#post;
    const { queues, maxWorkers, name } = this.#settings;
    for (const queue of queues) {
      await engine.subscribe(`cancel.${queue}`, (id) => {
        const task = this.#running.get(id);
        if (task !== undefined) this.#stop(task, 'cancelled');
      });
      const perform = async (taken: Taken): Promise<Settled> => {
        const settled = await this.#perform(taken);
        // The engine will not say that it has an outcome.
        if (settled === 'abandoned' || 'failed' in settled) this.#taken.delete(taken.id);
        return settled;
      };
      const consumer = await engine.consume(queue, perform, {
        concurrency: maxWorkers,
        lease: LEASE,
        name,
        accepted: (id) => this.#accepted(id),
        trouble: (error) => this.#post.log(explainTrouble(error)),
      });
      this.#consumers.push(consumer);
      await consumer.begun;
    }
  }

  /** Finishes what runs, and takes no more. */
  async drain(): Promise<void> {
    await Promise.all(this.#consumers.map((consumer) => consumer.close()));
    clearInterval(this.#timer);
  }

  async #perform(taken: Taken): Promise<Settled> {
    const { id, attempt, data } = taken;
    const { border, store } = this.#post;
    let opened: Opened;
    let call: CallParcels;
    try {
      opened = border.open(await store.get(data), { kinds: ['call'], subject: id });
      const { need, retries = 0, label } = opened.header;
      if (attempt > retries + 1) {
        return {
          failed: `${GIVEN_UP}${label} was begun ${attempt - 1} times, and each time its worker has died or lost it: given up`,
        };
      }
      if (this.#done.has(opened.signature)) {
        throw new Unsigned(`the task ${id} was put into the queue again after it was over: it was not run again`);
      }
      this.#taken.set(id, opened.signature);
      call = border.callOf(opened, await store.bytesOf(need));
    } catch (error) {
      if (isAway(error)) return 'abandoned';
      this.#post.log(`task ${id} was not begun: ${String(error)}`);
      return this.#reply(taken, packError(error), 'error', undefined);
    }
    return this.#run(taken, opened.header, call);
  }

  async #run(taken: Taken, header: Header, call: CallParcels): Promise<Settled> {
    const { id, attempt } = taken;
    const tasks = runningTasks();
    const { lease = LEASE } = header;
    const now = Date.now();
    const record = shared({
      id,
      attempt,
      from: header.from,
      said: false,
      stopped: new Event(),
      logs: header.logs === true,
    }) as unknown as TaskRecord;
    let address = 0;
    let task!: Running;
    const over = new Promise<void>((leave) => {
      const future = submitParcels(this.#pool, call, (future) => {
        address = addressOf(future);
        tasks.set(address, record as never);
      });
      Future.look(future);
      task = { taken, header, future, record, lease, confirmed: now, asked: now, stopped: undefined, leave };
      this.#running.set(id, task);
      // A promise must not be resolved with the future: that would open its outcome here.
      Future.whenDone(future, () => leave());
    });
    // It was taken for longer than it is to be.
    if (lease < LEASE) void this.#renew(task);
    await over;
    if (record.said && task.stopped === undefined) await this.#sayAll(id);
    this.#running.delete(id);
    tasks.delete(address);
    if (task.stopped === 'cancelled') return { failed: CANCELLED };
    if (task.stopped === 'lost') return 'abandoned';
    const { future } = task;
    if (future.cancelled()) return { failed: CANCELLED };
    const failed = atomic.load(addressOf(future) + STATE) === FAILED;
    return this.#reply(taken, loadHeld(addressOf(future) + OUTCOME), failed ? 'error' : 'result', header);
  }

  #sayAll(id: string): Promise<void> {
    return new Promise((resolve) => {
      this.#talking.set(id, resolve);
      noticesOut().put({ id, to: '', kind: 'over', bytes: new Uint8Array() });
    });
  }

  async #reply(taken: Taken, packed: unknown, kind: 'result' | 'error', call: Header | undefined): Promise<Settled> {
    const { border, store } = this.#post;
    const { id: subject, attempt } = taken;
    const said = { subject, attempt, worker: this.#settings.name };
    const name = kind === 'result' ? 'the result' : 'the error';
    let sealed: ReturnType<typeof border.sealOutcome>;
    try {
      sealed = border.sealOutcome(packed, name, { ...said, kind }, kind === 'error');
    } catch (error) {
      sealed = border.sealOutcome(packError(error), 'the error', { ...said, kind: 'error' }, true);
    }
    for (;;) {
      try {
        store.accept(sealed.blobs.map(({ hash, bytes }) => [hash, bytes] as const));
        await store.flush();
        return { returned: await store.put(sealed.bytes, call?.keep ?? 3_600_000, INLINE_OUTCOME) };
      } catch (error) {
        if (!isAway(error)) throw error;
        await new Promise((resolve) => setTimeout(resolve, 250));
      }
    }
  }

  /** The engine has its outcome: whoever puts it there again does not mean well. */
  #accepted(id: string): void {
    const signature = this.#taken.get(id);
    this.#taken.delete(id);
    if (signature === undefined) return;
    this.#done.add(signature);
    if (this.#done.size > REMEMBERED) this.#done.delete(this.#done.values().next().value!);
  }

  #tick(): void {
    const now = Date.now();
    for (const task of this.#running.values()) {
      if (task.stopped !== undefined) continue;
      if (now - task.confirmed > task.lease * STOP) {
        this.#post.log(
          `task ${task.taken.id} is stopped: for ${now - task.confirmed} ms the engine has not said that it is still this worker's, ` +
            `and its lease is ${task.lease} ms. Somebody else will begin it`,
        );
        this.#stop(task, 'lost');
      } else if (now - task.asked > task.lease * RENEW) void this.#renew(task);
    }
  }

  async #renew(task: Running): Promise<void> {
    const asked = Date.now();
    task.asked = asked;
    try {
      const own = await task.taken.renew(task.lease);
      if (own) task.confirmed = Math.max(task.confirmed, asked);
      else if (this.#running.get(task.taken.id) === task && task.stopped === undefined) {
        this.#post.log(`task ${task.taken.id} is stopped: its lease is over, and it is no longer this worker's`);
        this.#stop(task, 'lost');
      }
    } catch {
      // The engine is away: the clock goes on.
    }
  }

  #stop(task: Running, why: 'cancelled' | 'lost'): void {
    if (task.stopped !== undefined) return;
    task.stopped = why;
    task.record.stopped.set();
    const { future } = task;
    // One that awaits something is told by its signal. Nobody waits for it any more.
    if (!Future.prototype.cancel.call(future)) task.leave();
  }
}

function explainTrouble(error: Error): string {
  const { message } = error;
  return /lock|mismatch|not in the active state/i.test(message)
    ? `an outcome came too late, and was refused: ${message}`
    : `the engine: ${message}`;
}
