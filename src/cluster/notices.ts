// What tasks say while they run, on its way to whoever has submitted them: progress, and lines that they print. Each process of the cluster has a
// channel of its own on the engine. Nothing waits for a notice, and one may be lost.

import { globals } from '../data/globals.js';
import { unpack } from '../parcel/parcel.js';
import type { SimpleQueue } from '../queue/simple.js';
import { print } from '../runtime/console.js';
import type { Post } from './post.js';
import { marked, type Notice, noticesOut } from './task.js';
import type { TaskWorker } from './worker.js';

/** How many bytes a notice may have: PostgreSQL takes no more. */
const MOST = 5_000;

/** What a task's progress is given to: a queue of the thread that has submitted it. */
export interface ProgressNote {
  readonly id: string;
  readonly value: unknown;
}

const listeners = (): Map<string, SimpleQueue<ProgressNote>> =>
  globals.get('heddle/cluster/listeners', () => new Map<string, SimpleQueue<ProgressNote>>()) as never;

/** From now on the progress of a task is put into a queue; undefined = not any more. */
export function listenTo(id: string, queue: SimpleQueue<ProgressNote> | undefined): void {
  if (queue === undefined) listeners().delete(id);
  else listeners().set(id, queue);
}

export class Notices {
  readonly #post: Post;
  #hearing: Promise<void> | undefined;

  constructor(post: Post) {
    this.#post = post;
  }

  /** Listens to what tasks of this process say elsewhere. */
  hear(): Promise<void> {
    const { engine, settings } = this.#post;
    this.#hearing ??= engine.subscribe(`to.${settings.border.process}`, (text) => this.#heard(text));
    return this.#hearing;
  }

  #heard(text: string): void {
    try {
      const { id, kind, p } = JSON.parse(text) as { id: string; kind: Notice['kind']; p: string };
      const { border } = this.#post;
      const opened = border.open(Buffer.from(p, 'base64'), { kinds: ['progress'], subject: id });
      const value = unpack(border.valueOf(opened, () => new Uint8Array()));
      if (kind === 'log') {
        const [descriptor, line] = value as [1 | 2, string];
        print(descriptor, marked(id, line));
      } else listeners().get(id)?.put({ id, value });
    } catch {
      // It was not ours, or is from somebody else: it counts for nothing.
    }
  }

  /** Brings out what the threads of a worker have to say. */
  begin(worker: TaskWorker): void {
    void (async () => {
      const notices = noticesOut();
      for (;;) {
        const { id, to, kind, bytes } = await notices.getAsync();
        if (kind === 'over') {
          worker.hasSaidAll(id);
          continue;
        }
        const p = Buffer.from(bytes).toString('base64');
        if (p.length > MOST) continue;
        await this.#post.engine.publish(`to.${to}`, JSON.stringify({ id, kind, p })).catch(() => {});
      }
    })();
  }
}
