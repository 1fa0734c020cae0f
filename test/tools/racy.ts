// biome-ignore-all lint/suspicious/noAssignInExpressions: each case is a line, and what it does is the assignment.
// Thirty programs with a race each, and their mended twins. `node racy.js racy` runs the ones, `node racy.js mended` the others, under HEDDLE_RACES=1:
// test/tools/races.test.ts. The field of a case has the case's name, by which it is known in the report.

import {
  Barrier,
  BoundedSemaphore,
  Condition,
  Event,
  globals,
  Lock,
  Queue,
  RLock,
  RWLock,
  run,
  Semaphore,
  SimpleQueue,
  shared,
  startNewThread,
  struct,
  Thread,
  ThreadPoolExecutor,
  t,
} from 'heddle';

type Case = readonly [name: string, racy: () => void | Promise<void>, mended: () => void | Promise<void>];

const box = <T extends object>(fields: T) => shared(fields as never) as never as T;

function together(...bodies: (() => void)[]): void {
  const threads = bodies.map((body) => new Thread(body));
  for (const thread of threads) thread.start();
  for (const thread of threads) thread.join();
}

/** Time passes, and nothing else. */
const nap = (milliseconds: number): void => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
};

/** Two threads that do the same to a record. */
const twice = <T extends object>(record: T, body: (record: T) => void): void =>
  together(
    () => body(record),
    () => body(record),
  );

/** The same with a lock of some kind around, or not. */
const locked = (name: string, make: () => { with(fn: () => void): void }): Case => [
  name,
  () => {
    const o = box({ [name]: 0 });
    twice(o, (r) => void (r[name]! += 1));
  },
  () => {
    const o = box({ [name]: 0, lock: make() });
    twice(o, (r) => (r.lock as { with(fn: () => void): void }).with(() => void ((r[name] as number) += 1)));
  },
];

const Point = struct('Point', { ofStruct: t.f64, text: t.string });

const cases: readonly Case[] = [
  locked('plain', () => new Lock()),
  locked('reentrant', () => new RLock()),
  locked('permit', () => new Semaphore(1)),
  locked('bounded', () => new BoundedSemaphore(1)),
  locked('condition', () => new Condition()),
  locked('written', () => new RWLock().write),
  [
    'underRead',
    () => {
      const o = box({ underRead: 0, lock: new RWLock() });
      twice(o, (r) => r.lock.read.with(() => void (r.underRead += 1)));
    },
    () => {
      const o = box({ underRead: 0, lock: new RWLock() });
      together(
        () => o.lock.write.with(() => void (o.underRead += 1)),
        () => o.lock.read.with(() => void o.underRead),
      );
    },
  ],
  [
    'otherLock',
    () => {
      const o = box({ otherLock: 0, a: new Lock(), b: new Lock() });
      together(
        () => o.a.with(() => void (o.otherLock += 1)),
        () => o.b.with(() => void (o.otherLock += 1)),
      );
    },
    () => {
      const o = box({ otherLock: 0, a: new Lock() });
      twice(o, (r) => r.a.with(() => void (r.otherLock += 1)));
    },
  ],
  [
    'onlyWriterLocks',
    () => {
      const o = box({ onlyWriterLocks: 0, lock: new Lock() });
      together(
        () => o.lock.with(() => void (o.onlyWriterLocks = 1)),
        () => void o.onlyWriterLocks,
      );
    },
    () => {
      const o = box({ onlyWriterLocks: 0, lock: new Lock() });
      together(
        () => o.lock.with(() => void (o.onlyWriterLocks = 1)),
        () => o.lock.with(() => void o.onlyWriterLocks),
      );
    },
  ],
  [
    'apart',
    () => {
      const o = box({ apart: 0 });
      together(
        () => void (o.apart = 1),
        () => {
          nap(100);
          o.apart = 2;
        },
      );
    },
    () => {
      const o = box({ apart: 0 });
      together(() => void (o.apart = 1));
      together(() => void (o.apart = 2));
    },
  ],
  [
    'unjoined',
    () => {
      const o = box({ unjoined: 0 });
      const thread = new Thread(() => void (o.unjoined = 1));
      thread.start();
      nap(60);
      void o.unjoined;
      thread.join();
    },
    () => {
      const o = box({ unjoined: 0 });
      const thread = new Thread(() => void (o.unjoined = 1));
      thread.start();
      thread.join();
      void o.unjoined;
    },
  ],
  [
    'afterStart',
    () => {
      const o = box({ afterStart: 0 });
      const thread = new Thread(() => void o.afterStart);
      thread.start();
      o.afterStart = 1;
      thread.join();
    },
    () => {
      const o = box({ afterStart: 0 });
      o.afterStart = 1;
      const thread = new Thread(() => void o.afterStart);
      thread.start();
      thread.join();
    },
  ],
  [
    'sameWorker',
    () => {
      const o = box({ sameWorker: 0 });
      // One after the other, on one worker: nothing but chance orders them.
      startNewThread(() => void (o.sameWorker = 1), []);
      nap(150);
      startNewThread(() => void (o.sameWorker = 2), []);
      nap(150);
    },
    () => {
      const o = box({ sameWorker: 0, done: new Event() });
      startNewThread(() => {
        o.sameWorker = 1;
        o.done.set();
      }, []);
      o.done.wait();
      together(() => void (o.sameWorker = 2));
    },
  ],
  [
    'event',
    () => {
      const o = box({ event: 0, ready: new Event() });
      together(
        () => {
          o.ready.set();
          o.event = 1;
        },
        () => {
          o.ready.wait();
          void o.event;
        },
      );
    },
    () => {
      const o = box({ event: 0, ready: new Event() });
      together(
        () => {
          o.event = 1;
          o.ready.set();
        },
        () => {
          o.ready.wait();
          void o.event;
        },
      );
    },
  ],
  [
    'afterPut',
    () => {
      const o = box({ afterPut: 0 });
      const queue = new Queue<typeof o>();
      together(
        () => {
          queue.put(o);
          o.afterPut = 1;
        },
        () => void queue.get().afterPut,
      );
    },
    () => {
      const o = box({ afterPut: 0 });
      const queue = new Queue<typeof o>();
      together(
        () => {
          o.afterPut = 1;
          queue.put(o);
        },
        () => void queue.get().afterPut,
      );
    },
  ],
  [
    'simpleQueue',
    () => {
      const o = box({ simpleQueue: 0 });
      const queue = new SimpleQueue<number>();
      together(
        () => {
          queue.put(1);
          o.simpleQueue = 1;
        },
        () => {
          queue.get();
          o.simpleQueue = 2;
        },
      );
    },
    () => {
      const o = box({ simpleQueue: 0 });
      const queue = new SimpleQueue<number>();
      together(
        () => {
          o.simpleQueue = 1;
          queue.put(1);
        },
        () => {
          queue.get();
          o.simpleQueue = 2;
        },
      );
    },
  ],
  [
    'barrier',
    () => {
      const o = box({ barrier: 0, both: new Barrier(2) });
      twice(o, (r) => {
        r.both.wait();
        r.barrier = 1;
      });
    },
    () => {
      const o = box({ barrier: 0, both: new Barrier(2) });
      together(
        () => {
          o.barrier = 1;
          o.both.wait();
        },
        () => {
          o.both.wait();
          void o.barrier;
        },
      );
    },
  ],
  [
    'task',
    () => {
      const o = box({ task: 0 });
      const future = run(() => void (o.task = 1));
      o.task = 2;
      future.result();
    },
    () => {
      const o = box({ task: 0 });
      run(() => void (o.task = 1)).result();
      o.task = 2;
    },
  ],
  [
    'pool',
    () => {
      const o = box({ pool: 0, both: new Barrier(2) });
      const executor = new ThreadPoolExecutor({ maxWorkers: 2 });
      const add = () => {
        o.both.wait();
        o.pool += 1;
      };
      for (const future of [executor.submit(add), executor.submit(add)]) future.result();
      executor.shutdown();
    },
    () => {
      const o = box({ pool: 0, both: new Barrier(2), lock: new Lock() });
      const executor = new ThreadPoolExecutor({ maxWorkers: 2 });
      const add = () => {
        o.both.wait();
        o.lock.with(() => void (o.pool += 1));
      };
      for (const future of [executor.submit(add), executor.submit(add)]) future.result();
      executor.shutdown();
      void o.pool;
    },
  ],
  [
    'Point.ofStruct',
    () => twice(new Point({ ofStruct: 0, text: '' }), (p) => void (p.ofStruct += 1)),
    () => {
      const lock = new Lock();
      twice(new Point({ ofStruct: 0, text: '' }), (p) => lock.with(() => void (p.ofStruct += 1)));
    },
  ],
  [
    'Point.text',
    () => twice(new Point({ ofStruct: 0, text: '' }), (p) => void (p.text += 'x')),
    () => {
      const lock = new Lock();
      twice(new Point({ ofStruct: 0, text: '' }), (p) => lock.with(() => void (p.text += 'x')));
    },
  ],
  [
    'published',
    () => {
      const o = box({ published: null as { inner: number } | null });
      together(
        () => void (o.published = { inner: 1 }),
        () => void o.published?.inner,
      );
    },
    () => {
      const o = box({ published: null as { inner: number } | null, lock: new Lock() });
      together(
        () => o.lock.with(() => void (o.published = { inner: 1 })),
        () => void o.lock.with(() => o.published)?.inner,
      );
    },
  ],
  [
    'byMap',
    () => {
      const o = box({ byMap: 0, map: new Map<string, number>() });
      together(
        () => {
          o.map.set('ready', 1);
          o.byMap = 1;
        },
        () => {
          while (!o.map.has('ready'));
          o.byMap = 2;
        },
      );
    },
    () => {
      const o = box({ byMap: 0, map: new Map<string, number>() });
      together(
        () => {
          o.byMap = 1;
          o.map.set('ready', 1);
        },
        () => {
          while (!o.map.has('ready'));
          o.byMap = 2;
        },
      );
    },
  ],
  [
    'byGlobal',
    () => {
      const o = box({ byGlobal: 0 });
      together(
        () => {
          globals.get('case', () => 1);
          o.byGlobal = 1;
        },
        () => {
          globals.get('case', () => 1);
          o.byGlobal = 2;
        },
      );
    },
    () => {
      const o = box({ byGlobal: 0 });
      const made = () =>
        globals.get('case', () => {
          o.byGlobal = 1;
          return 1;
        });
      together(
        () => void made(),
        () => void made(),
      );
      void o.byGlobal;
    },
  ],
  [
    'notified',
    () => {
      const o = box({ notified: 0, ready: false, changed: new Condition() });
      together(
        () => {
          o.changed.with(() => {
            o.ready = true;
            o.changed.notify();
          });
          o.notified = 1;
        },
        () => {
          o.changed.with(() => o.changed.waitFor(() => o.ready));
          o.notified = 2;
        },
      );
    },
    () => {
      const o = box({ notified: 0, ready: false, changed: new Condition() });
      together(
        () => {
          o.notified = 1;
          o.changed.with(() => {
            o.ready = true;
            o.changed.notify();
          });
        },
        () => {
          o.changed.with(() => o.changed.waitFor(() => o.ready));
          o.notified = 2;
        },
      );
    },
  ],
  [
    'afterRelease',
    () => {
      const o = box({ afterRelease: 0, lock: new Lock() });
      twice(o, (r) => {
        r.lock.acquire();
        r.lock.release();
        r.afterRelease += 1;
      });
    },
    () => {
      const o = box({ afterRelease: 0, lock: new Lock() });
      twice(o, (r) => {
        r.lock.acquire();
        r.afterRelease += 1;
        r.lock.release();
      });
    },
  ],
  [
    'timedOut',
    () => {
      const o = box({ timedOut: 0, lock: new Lock(), go: new Event() });
      together(
        () => {
          o.lock.acquire();
          o.go.set();
          nap(300);
          o.timedOut = 1;
          o.lock.release();
        },
        () => {
          o.go.wait();
          if (!o.lock.acquire({ timeout: 1 })) o.timedOut = 2;
        },
      );
    },
    () => {
      const o = box({ timedOut: 0, lock: new Lock(), go: new Event() });
      together(
        () => {
          o.lock.acquire();
          o.go.set();
          o.timedOut = 1;
          o.lock.release();
        },
        () => {
          o.go.wait();
          o.lock.with(() => void (o.timedOut = 2));
        },
      );
    },
  ],
  [
    'inAsync',
    async () => {
      const o = box({ inAsync: 0, ready: new Event() });
      const thread = new Thread(() => {
        o.ready.set();
        o.inAsync = 1;
      });
      thread.start();
      await o.ready.waitAsync();
      nap(30);
      o.inAsync = 2;
      await thread.joinAsync();
    },
    async () => {
      const o = box({ inAsync: 0, lock: new Lock() });
      const thread = new Thread(() => o.lock.with(() => void (o.inAsync = 1)));
      thread.start();
      const held = await o.lock.holdAsync();
      o.inAsync = 2;
      held.release();
      await thread.joinAsync();
    },
  ],
  [
    'element 0',
    () => {
      const o = box({ list: [0, 0] });
      together(
        () => void (o.list as never as Map<number, number>).set(0, 1),
        () => void o.list.at(0),
      );
    },
    () => {
      const o = box({ list: [0, 0], lock: new Lock() });
      together(
        () => o.lock.with(() => void (o.list as never as Map<number, number>).set(0, 1)),
        () => o.lock.with(() => void o.list.at(0)),
      );
    },
  ],
  [
    "key 'n'",
    () => {
      const o = box({ map: new Map([['n', 0]]), both: new Barrier(2) });
      twice(o, (r) => {
        const before = r.map.get('n')!;
        r.both.wait();
        // What the barrier orders is the look, not the store.
        r.map.set('n', before + 1);
      });
    },
    () => {
      const o = box({ map: new Map([['n', 0]]), lock: new Lock() });
      twice(o, (r) => r.lock.with(() => void r.map.set('n', r.map.get('n')! + 1)));
    },
  ],
];

/** Cells that are used again have nothing of what was done to those before. */
function useAgain(): void {
  for (let round = 0; round < 200; round++) {
    const o = box({ again: 0 });
    together(() => void (o.again = round));
    if (round % 50 === 0) globalThis.gc?.();
  }
}

const which = process.argv[2];
console.log(cases.map(([name]) => name).join('\n'));
for (const [, racy, mended] of cases) await (which === 'racy' ? racy() : mended());
if (which === 'mended') useAgain();
