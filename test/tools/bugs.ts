// Small programs with a planted bug each, and what they are when it is mended: for explorations, which must find the one and not the other.

import assert from 'node:assert/strict';
import {
  Barrier,
  Condition,
  Empty,
  Event,
  Lock,
  Queue,
  RWLock,
  run,
  Semaphore,
  type SharedArray,
  shared,
  Thread,
  ThreadPoolExecutor,
} from 'heddle';
import type { Exploration } from 'heddle/test';

export interface Bug {
  readonly name: string;
  readonly broken: Exploration<never>;
  readonly mended: Exploration<never>;
  /** What the report must say. */
  readonly says: RegExp;
}

function bug<S>(
  name: string,
  says: RegExp,
  setup: () => S,
  broken: readonly ((state: S) => void)[],
  mended: readonly ((state: S) => void)[],
  check?: (state: S) => void,
): Bug {
  const of = (threads: readonly ((state: S) => void)[]) => ({ setup, threads, check }) as unknown as Exploration<never>;
  return { name, says, broken: of(broken), mended: of(mended) };
}

const twice = <T>(body: T): T[] => [body, body];
const LOST = /check throws/;
const DEADLOCK = /^deadlock: every thread waits for ever\n {2}\w waits for /;

const table = () =>
  shared({ forks: [0, 1, 2].map((n) => new Lock({ name: `fork ${n}` })) as Lock[], meals: [0, 0, 0] as number[] });
type Table = ReturnType<typeof table>;

const eat = (table: Table, first: number, second: number): void => {
  const left = table.forks.at(first)!;
  const right = table.forks.at(second)!;
  left.with(() => right.with(() => table.meals.set(first, 1)));
};

export const bugs: readonly Bug[] = [
  bug(
    'lost update of a field',
    LOST,
    () => shared({ n: 0, lock: new Lock() }),
    twice((s) => {
      s.n += 1;
    }),
    twice((s) => {
      s.lock.with(() => {
        s.n += 1;
      });
    }),
    (s) => assert.equal(s.n, 2),
  ),
  bug(
    'two locks in two orders',
    DEADLOCK,
    () => shared({ a: new Lock(), b: new Lock() }),
    [(s) => s.a.with(() => s.b.with(() => {})), (s) => s.b.with(() => s.a.with(() => {}))],
    twice((s) => s.a.with(() => s.b.with(() => {}))),
  ),
  bug(
    'get, then set',
    LOST,
    () => shared({ map: new Map([['n', 0]]) }),
    twice((s) => void s.map.set('n', s.map.get('n')! + 1)),
    twice((s) => void s.map.update('n', (n) => (n ?? 0) + 1)),
    (s) => assert.equal(s.map.get('n'), 2),
  ),
  bug(
    'if for while at a condition',
    /thread \w throws .*nothing to take/,
    () => shared({ items: [] as number[], changed: new Condition(new Lock()) }),
    [
      ...twice((s: { items: SharedArray<number>; changed: Condition }) => {
        s.changed.with(() => {
          if (s.items.length === 0) s.changed.wait();
          if (s.items.shift() === undefined) throw new Error('nothing to take');
        });
      }),
      (s) => {
        s.changed.with(() => {
          s.items.push(1);
          s.changed.notifyAll();
        });
        s.changed.with(() => {
          s.items.push(2);
          s.changed.notifyAll();
        });
      },
    ],
    [
      ...twice((s: { items: SharedArray<number>; changed: Condition }) => {
        s.changed.with(() => {
          s.changed.waitFor(() => s.items.length > 0);
          if (s.items.shift() === undefined) throw new Error('nothing to take');
        });
      }),
      (s) => {
        s.changed.with(() => {
          s.items.push(1, 2);
          s.changed.notifyAll();
        });
      },
    ],
  ),
  bug(
    'a signal before anybody waits',
    DEADLOCK,
    () => shared({ ready: false, changed: new Condition(new Lock()) }),
    [
      (s) => void s.changed.with(() => s.changed.wait()),
      (s) => {
        s.changed.with(() => {
          s.ready = true;
          s.changed.notify();
        });
      },
    ],
    [
      (s) => void s.changed.with(() => s.changed.waitFor(() => s.ready)),
      (s) => {
        s.changed.with(() => {
          s.ready = true;
          s.changed.notify();
        });
      },
    ],
  ),
  bug(
    'philosophers',
    DEADLOCK,
    table,
    [(t) => eat(t, 0, 1), (t) => eat(t, 1, 2), (t) => eat(t, 2, 0)],
    [(t) => eat(t, 0, 1), (t) => eat(t, 1, 2), (t) => eat(t, 0, 2)],
  ),
  bug(
    'empty, then get',
    /thread \w throws Empty/,
    () => {
      const jobs = new Queue<number>();
      jobs.put(1);
      return shared({ jobs });
    },
    twice((s) => {
      if (!s.jobs.empty()) s.jobs.getNowait();
    }),
    twice((s) => {
      try {
        s.jobs.getNowait();
      } catch (error) {
        if (!(error instanceof Empty)) throw error;
      }
    }),
  ),
  bug(
    'made twice',
    LOST,
    () => shared({ made: 0, value: null as number | null, lock: new Lock() }),
    twice((s) => {
      if (s.value === null) {
        s.made += 1;
        s.value = 42;
      }
    }),
    twice((s) => {
      s.lock.with(() => {
        if (s.value === null) {
          s.made += 1;
          s.value = 42;
        }
      });
    }),
    (s) => assert.equal(s.made, 1),
  ),
  bug(
    'a permit that an error keeps',
    DEADLOCK,
    () => shared({ permits: new Semaphore(1), turn: 0 }),
    twice((s) => {
      try {
        s.permits.acquire();
        if (s.turn !== 0) throw new Error('late');
        s.turn = 1;
      } catch {
        return;
      }
      if (s.turn === 2) s.permits.release();
    }),
    twice((s) => {
      s.permits.with(() => {
        s.turn = 1;
      });
    }),
  ),
  bug(
    'a barrier that not all come to',
    DEADLOCK,
    () => shared({ barrier: new Barrier(2), first: true, lock: new Lock() }),
    twice((s) => {
      const isFirst = s.lock.with(() => {
        const was = s.first;
        s.first = false;
        return was;
      });
      if (isFirst) s.barrier.wait();
    }),
    twice((s) => void s.barrier.wait()),
  ),
  bug(
    'an event cleared by who did not wait for it',
    DEADLOCK,
    () => shared({ event: new Event(), seen: 0 }),
    [
      (s) => void s.event.wait(),
      (s) => {
        s.event.set();
        s.event.clear();
      },
    ],
    [(s) => void s.event.wait(), (s) => s.event.set()],
  ),
  bug(
    'the length, then the place',
    LOST,
    () => shared({ log: [] as number[] }),
    twice((s) => void s.log.set(s.log.length, 1)),
    twice((s) => void s.log.push(1)),
    (s) => assert.equal(s.log.length, 2),
  ),
  bug(
    'a pair seen in halves',
    /thread \w throws .*halves/,
    () => shared({ x: 0, y: 0, lock: new Lock() }),
    [
      (s) => {
        s.lock.with(() => {
          s.x += 1;
          s.y += 1;
        });
      },
      (s) => {
        if (s.x !== s.y) throw new Error('seen in halves');
      },
    ],
    [
      (s) => {
        s.lock.with(() => {
          s.x += 1;
          s.y += 1;
        });
      },
      (s) => {
        s.lock.with(() => {
          if (s.x !== s.y) throw new Error('seen in halves');
        });
      },
    ],
  ),
  bug(
    'a write under the read side',
    LOST,
    () => shared({ n: 0, lock: new RWLock() }),
    twice((s) => {
      s.lock.read.with(() => {
        s.n += 1;
      });
    }),
    twice((s) => {
      s.lock.write.with(() => {
        s.n += 1;
      });
    }),
    (s) => assert.equal(s.n, 2),
  ),
  bug(
    'a thread that nobody joins',
    /thread A throws .*not done/,
    () => shared({ done: false }),
    [
      (s) => {
        new Thread(() => {
          s.done = true;
        }).start();
        if (!s.done) throw new Error('not done');
      },
    ],
    [
      (s) => {
        const thread = new Thread(() => {
          s.done = true;
        });
        thread.start();
        thread.join();
        if (!s.done) throw new Error('not done');
      },
    ],
  ),
  bug(
    'a lock that was not acquired in time',
    LOST,
    () => shared({ n: 0, lock: new Lock() }),
    twice((s) => {
      if (!s.lock.acquire({ timeout: 10 })) return;
      s.n += 1;
      new Event().wait(20);
      s.lock.release();
    }),
    twice((s) => {
      s.lock.acquire({ timeout: 1_000 });
      s.n += 1;
      new Event().wait(20);
      s.lock.release();
    }),
    (s) => assert.equal(s.n, 2),
  ),
  bug(
    'two tasks of run()',
    LOST,
    () => shared({ n: 0, lock: new Lock() }),
    [
      (s) => {
        const add = () => {
          s.n += 1;
        };
        for (const future of [run(add), run(add)]) future.result();
      },
    ],
    [
      (s) => {
        const add = () => {
          s.lock.with(() => {
            s.n += 1;
          });
        };
        for (const future of [run(add), run(add)]) future.result();
      },
    ],
    (s) => assert.equal(s.n, 2),
  ),
  bug(
    'tasks of an executor that wait for each other',
    DEADLOCK,
    () => shared({ first: new Event(), second: new Event() }),
    [
      (s) => {
        const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
        executor.submit(() => void s.first.wait());
        executor.submit(() => void s.second.wait());
        executor.shutdown();
      },
    ],
    [
      (s) => {
        const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
        executor.submit(() => void s.first.wait());
        executor.submit(() => s.first.set());
        executor.shutdown();
      },
    ],
  ),
];
