// The submitting side of the station: tasks on their way to the engine, and their outcomes on the way back.
//
//   submitted ──▶ bytes and code to the engine ──▶ in its queue ──▶ over: an event says so, or a look   ──▶ future settled
//                 again under the same id, while the engine is away          every second
//
// An event is a hint, which may come twice or never; the engine's record is the truth. A task that the engine does not know any more,
// because it has lost its memory, is added again: its bytes are kept until it is over.

import { BrokenExecutor, InvalidStateError } from '../futures/errors.js';
import type { Future } from '../futures/future.js';
import { isAway } from './engine/away.js';
import type { Job, Jobs, Over } from './engine/seam.js';
import { Unsigned } from './errors.js';
import { settleFuture } from './future.js';
import type { Post } from './post.js';
import { CANCELLED, GIVEN_UP } from './reasons.js';
import type { Submission } from './requests.js';
import type { Header } from './wire/seal.js';

/** Milliseconds between looks at what is not over. */
const LOOK = 1000;
/** Tasks that are looked at in one go. */
const LOOK_AT = 1000;
/** Looks after which a task that nobody knows is added again, or given up. */
const UNKNOWN_FOR = 2;
/** Tasks that are added in one go. */
const BULK = 500;
const RETRY = 250;
/** A task's bytes outlive its wait in the queue by what its outcome is kept. */
const LONGEST_WAIT = 7 * 86_400_000;

interface Waiting {
  readonly id: string;
  readonly futures: Future<unknown>[];
  /** Undefined if another process has submitted it. */
  readonly submission: Submission | undefined;
  /** When it was last said that it is not over; Infinity = it is not in the queue yet. */
  looked: number;
  unknown: number;
  settling: boolean;
  readonly over: Promise<void>;
  readonly end: () => void;
}

const pause = (time: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, time));

export class Client {
  readonly #post: Post;
  readonly #queue: string;
  readonly #waiting = new Map<string, Waiting>();
  #jobs: Promise<Jobs> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #looking = false;
  #closed = false;

  constructor(post: Post, queue: string) {
    this.#post = post;
    this.#queue = queue;
  }

  /** Of what was submitted, how many are not over. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Events are listened to before the first task is added. */
  #open(): Promise<Jobs> {
    this.#jobs ??= (async () => {
      const jobs = await this.#post.engine.jobs(this.#queue);
      await this.#patiently(() => jobs.onOver((over) => void this.#over(over)));
      return jobs;
    })();
    this.#timer ??= setInterval(() => void this.#look(), LOOK);
    return this.#jobs;
  }

  /** The engine may be away: what can be repeated is repeated until it is back. */
  async #patiently<T>(step: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await step();
      } catch (error) {
        if (this.#closed || !isAway(error)) throw error;
        await pause(RETRY);
      }
    }
  }

  /** From now on they can be cancelled, and later ones can count on what has come with them. */
  begin(submissions: readonly Submission[]): readonly Submission[] {
    for (const submission of submissions) {
      this.#wait(submission.id, submission.future, submission);
      this.#post.store.accept(submission.blobs);
    }
    return submissions;
  }

  async submit(submissions: readonly Submission[]): Promise<void> {
    for (let at = 0; at < submissions.length; at += BULK) await this.#add(submissions.slice(at, at + BULK));
  }

  async #add(submissions: readonly Submission[]): Promise<void> {
    const { store } = this.#post;
    try {
      const jobs = await this.#open();
      await this.#patiently(() => store.flush());
      const added: Job[] = [];
      for (const submission of submissions) {
        added.push(await this.#patiently(() => this.#jobOf(submission)));
      }
      await this.#patiently(() => jobs.add(added));
      for (const { id, known } of submissions) {
        const waiting = this.#waiting.get(id);
        if (waiting !== undefined) waiting.looked = known ? 0 : Date.now();
      }
      if (submissions.some(({ known }) => known)) void this.#look();
    } catch (error) {
      for (const { id, future } of submissions) {
        this.#waiting.get(id)?.end();
        this.#waiting.delete(id);
        settleFuture(future, { error });
      }
    }
  }

  async #jobOf({ id, bytes, priority, keep }: Submission): Promise<Job> {
    return { id, data: await this.#post.store.put(bytes, keep + LONGEST_WAIT), priority, keep };
  }

  #wait(id: string, future: Future<unknown>, submission: Submission | undefined): void {
    const known = this.#waiting.get(id);
    if (known) {
      known.futures.push(future);
      return;
    }
    let end = (): void => {};
    const over = new Promise<void>((resolve) => {
      end = resolve;
    });
    const looked = Number.POSITIVE_INFINITY;
    this.#waiting.set(id, { id, futures: [future], submission, looked, unknown: 0, settling: false, over, end });
  }

  /** Takes up a task that somebody has submitted. */
  async follow(id: string, future: Future<unknown>): Promise<void> {
    this.#wait(id, future, undefined);
    try {
      await this.#open();
      this.#waiting.get(id)!.looked = 0;
      await this.#look();
    } catch (error) {
      this.#waiting.delete(id);
      settleFuture(future, { error });
    }
  }

  /** Looks at what was not looked at for a while, those first that have waited longest. */
  async #look(): Promise<void> {
    if (this.#looking || this.#waiting.size === 0) return;
    this.#looking = true;
    try {
      const jobs = await this.#open();
      const before = Date.now() - LOOK + 50;
      const due = [...this.#waiting.values()].filter(({ looked, settling }) => looked <= before && !settling);
      for (let at = 0; at < due.length; at += LOOK_AT) {
        const some = due.slice(at, at + LOOK_AT);
        const { over, unknown } = await jobs.look(some.map(({ id }) => id));
        const now = Date.now();
        for (const each of some) {
          each.looked = now;
          each.unknown = unknown.includes(each.id) ? each.unknown + 1 : 0;
        }
        for (const id of over) {
          const found = await jobs.outcome(id);
          if (found !== undefined) await this.#over(found);
        }
        await this.#findLost(jobs, some);
      }
    } catch {
      // The engine is away: the next look will tell.
    } finally {
      this.#looking = false;
    }
  }

  async #findLost(jobs: Jobs, looked: readonly Waiting[]): Promise<void> {
    for (const each of looked) {
      if (each.unknown < UNKNOWN_FOR || !this.#waiting.has(each.id)) continue;
      each.unknown = 0;
      if (each.submission !== undefined) await this.#addAgain(jobs, each.submission);
      else {
        this.#settle(each, () => ({
          error: new InvalidStateError(
            `there is no task ${each.id}: it was never submitted to the queue '${this.#queue}', or its outcome was kept for no longer than its resultTTL`,
          ),
        }));
      }
    }
  }

  /** The engine has lost its memory. The message is another now: a worker may have seen the first one already. */
  async #addAgain(jobs: Jobs, submission: Submission): Promise<void> {
    const { border, store } = this.#post;
    const { bytes, need } = border.again(submission.bytes, submission.id);
    await store.sendAgain(need);
    await jobs.add([await this.#jobOf({ ...submission, bytes })]);
  }

  async #over(over: Over): Promise<void> {
    const waiting = this.#waiting.get(over.id);
    if (waiting === undefined || waiting.settling) return;
    waiting.settling = true;
    try {
      let found: Over | undefined = over;
      // What the event has brought may not be all.
      if (found.returned === undefined && found.failed === undefined)
        found = await (await this.#open()).outcome(over.id);
      if (found === undefined) {
        waiting.settling = false;
        return;
      }
      if (found.returned === undefined) {
        this.#settle(waiting, () => failureOf(found.failed ?? 'it has no outcome'));
        return;
      }
      const { border, store } = this.#post;
      const opened = border.open(await store.get(found.returned), { kinds: ['result', 'error'], subject: over.id });
      const { header } = opened;
      const bytesOf = await store.bytesOf(header.need);
      this.#settle(
        waiting,
        () => ({ packed: border.valueOf(opened, bytesOf), failed: header.kind === 'error' }),
        header,
      );
    } catch (error) {
      if (isAway(error)) waiting.settling = false;
      else this.#settle(waiting, () => ({ error }));
    }
  }

  #settle(waiting: Waiting, outcome: () => Parameters<typeof settleFuture>[1], about?: Header): void {
    this.#waiting.delete(waiting.id);
    for (const future of waiting.futures) {
      try {
        settleFuture(future, outcome(), about);
      } catch (error) {
        settleFuture(future, { error }, about);
      }
    }
    waiting.end();
  }

  /** Until it is over: a task that nobody has taken is removed, and who runs it is told, again and again. */
  async cancel(id: string): Promise<void> {
    while (this.#waiting.has(id) && !this.#closed) {
      const waiting = this.#waiting.get(id)!;
      try {
        const jobs = await this.#open();
        if (await jobs.remove(id)) {
          this.#settle(waiting, () => ({ cancelled: true }));
          return;
        }
        await this.#post.engine.publish(`cancel.${this.#queue}`, id);
      } catch (error) {
        if (!isAway(error)) throw error;
      }
      await Promise.race([waiting.over, pause(LOOK)]);
    }
  }

  /** All that an executor has submitted. */
  async cancelAll(group: string): Promise<void> {
    await Promise.all(this.#groupOf(group).map(({ id }) => this.cancel(id)));
  }

  /** Until nothing of it is left. */
  async idle(group: string): Promise<void> {
    for (;;) {
      const left = this.#groupOf(group);
      if (left.length === 0) return;
      await Promise.all(left.map(({ over }) => over));
    }
  }

  #groupOf(group: string): Waiting[] {
    return [...this.#waiting.values()].filter(({ submission }) => submission?.group === group);
  }

  async limit(rate: { max: number; duration: number }): Promise<void> {
    const jobs = await this.#open();
    await this.#patiently(() => jobs.limit(rate));
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    for (const waiting of this.#waiting.values()) {
      this.#settle(waiting, () => ({
        error: new BrokenExecutor(
          `the cluster was closed before the task was over. It goes on: cluster.future('${waiting.id}') takes up its outcome`,
        ),
      }));
    }
    await (await this.#jobs?.catch(() => undefined))?.close();
  }
}

/** What a task has failed with that no worker could give back. */
function failureOf(reason: string): Parameters<typeof settleFuture>[1] {
  if (reason.startsWith(CANCELLED)) return { cancelled: true };
  const text = reason.replace(GIVEN_UP, '');
  return {
    error: reason.startsWith('Unsigned') ? new Unsigned(text) : new BrokenExecutor(`the task is lost: ${text}`),
  };
}
