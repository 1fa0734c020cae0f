// Cancelling tasks while they run: the future is cancelled at once, the thread is stopped and goes on with the next task, and nothing else
// is cut short. What `cancel` does before a task has begun is in ../conformance/futures.test.ts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { extent } from '../support/extent.ts';
import { type Outcome, program } from '../support/program.ts';

const PRELUDE = `
import {
  allocateLock, CancelledError, Condition, Event, Future, globals, Lock, Queue, RLock, scope, SharedArray, SharedMap, ThreadPoolExecutor, wait,
} from 'heddle';
import { becomes, counter, nap, raise, reaches, value } from '${new URL(`../support/counter.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url).href}';

const executor = new ThreadPoolExecutor({ maxWorkers: 1, threadNamePrefix: 'pool' });
const interruptible = executor.withOptions({ interruptible: true });
const begun = counter();

/** The name of what \`action\` throws, or what it returns. */
function attempt(action) {
  try {
    return action();
  } catch (error) {
    return error.name;
  }
}

/** What the thread does next. A thread that was not stopped does nothing. */
const next = () => executor.submit(() => 'next').result();
`;

/** For those that look inside. */
const INSIDE = `
import { atomic } from '#heddle/memory/atomics.js';
import { checkHeap } from '#heddle/heap/check.js';
import { H_WORKERS, R_GUARD, R_WAITS } from '#heddle/memory/layout.js';
import { recordOf } from '#heddle/memory/self.js';
import { slots } from '#heddle/runtime/table.js';

/** Whether a thread other than this one is parked in the library for its task. */
const isParked = () => [...slots()].some((slot) => {
  const word = atomic.load(recordOf(slot) + R_WAITS);
  return word !== 0;
});
`;

const runs = (source: string): Promise<Outcome> =>
  program(PRELUDE + (/\b(atomic|checkHeap|[HR]_[A-Z]+|recordOf|slots|isParked)\b/.test(source) ? INSIDE : '') + source);

const says = async (source: string, stdout: string): Promise<void> => {
  const outcome = await runs(source);
  const stderr = outcome.stderr.replace('Waiting for the debugger to disconnect...\n', '');
  assert.deepEqual({ ...outcome, stderr }, { status: 0, signal: null, stdout, stderr: '' });
};

test('a busy loop is stopped, its finally blocks do not run, and the thread takes the next task', () =>
  says(
    `
const finals = counter();
const future = interruptible.submit(() => {
  try {
    raise(begun);
    for (;;);
  } finally {
    raise(finals);
  }
});
reaches(begun, 1);
console.log(future.cancel(), future.cancelled(), future.done(), future.running());
console.log(attempt(() => future.result()), attempt(() => future.exception()));
console.log(next(), value(finals));
console.log(await future.catch((error) => error instanceof CancelledError));
`,
    'true true true false\nCancelledError CancelledError\nnext 0\ntrue\n',
  ));

test('a task that is not interruptible runs on, and cancel() says false', () =>
  says(
    `
const go = counter();
const future = executor.submit(() => { raise(begun); reaches(go, 1); return 'whole'; });
reaches(begun, 1);
console.log(future.cancel(), future.cancelled());
raise(go);
console.log(future.result());
`,
    'false false\nwhole\n',
  ));

for (const [what, setUp, call] of [
  ['for a lock', 'const it = new Lock(); it.acquire();', 'it.acquire()'],
  ['for a lock that it would hold for a call', 'const it = new Lock(); it.acquire();', 'it.with(() => {})'],
  ['for a reentrant lock', 'const it = new RLock(); it.acquire();', 'it.acquire()'],
  ['with a time-out', 'const it = new Lock(); it.acquire();', 'it.acquire({ timeout: 3_600_000 })'],
  ['in get() of a queue', 'const it = new Queue();', 'it.get()'],
  ['in put() to a full queue', 'const it = new Queue({ maxSize: 1 }); it.put(1);', 'it.put(2)'],
  ['for an event', 'const it = new Event();', 'it.wait()'],
  ['for another future', 'const it = new Future();', 'it.result()'],
  ['for one of several futures', 'const it = new Future();', 'wait([it])'],
  ['for a condition', 'const it = new Condition(); ', 'it.with(() => it.wait())'],
] as const) {
  test(`a task that waits ${what} is stopped at once, and its finally blocks run`, () =>
    says(
      `
const finals = counter();
${setUp}
const future = interruptible.submit(() => {
  try {
    raise(begun);
    ${call};
  } finally {
    raise(finals);
  }
});
reaches(begun, 1);
becomes(isParked, 'a thread that waits');
console.log(future.cancel(), attempt(() => future.result()));
console.log(next(), value(finals));
`,
      'true CancelledError\nnext 1\n',
    ));
}

test('what a wait was for goes to others', () =>
  says(
    `
// Interleaving: A waits for an item and B does; A is cancelled, then one item comes. B has it.
const queue = new Queue();
const other = new ThreadPoolExecutor({ maxWorkers: 1 });
const future = interruptible.submit(() => { raise(begun); queue.get(); });
reaches(begun, 1);
becomes(isParked, 'a thread that waits');
const taken = other.submit(() => queue.get());
future.cancel();
next();
queue.put('item');
console.log(taken.result(), queue.size);
`,
    'item 0\n',
  ));

test('a condition that is waited for has its lock again when the wait is given up', () =>
  says(
    `
// Interleaving: A waits for the condition; B has its lock when A is cancelled. A's finally block releases the lock: it must be A's then.
const lock = new Lock();
const condition = new Condition(lock);
const future = interruptible.submit(() => {
  lock.acquire();
  try {
    raise(begun);
    condition.wait();
  } finally {
    lock.release();
  }
});
reaches(begun, 1);
lock.acquire();
becomes(isParked, 'a thread that waits');
future.cancel();
const after = executor.submit(() => 'next');
// Meanwhile another thread may come for what waits: this one counts as blocked.
nap(300);
console.log(lock.locked());
lock.release();
console.log(after.result(), lock.acquire());
`,
    'true\nnext true\n',
  ));

test('locks that it has acquired are released', () =>
  says(
    `
const locks = [new Lock(), new RLock(), allocateLock()];
const future = interruptible.submit(() => {
  for (const lock of locks) lock.acquire();
  locks[1].acquire();
  raise(begun);
  for (;;);
});
reaches(begun, 1);
future.cancel();
console.log(next(), locks.map((lock) => lock.acquire(false)).join());
`,
    'next true,true,true\n',
  ));

test('a maker of a global that is cancelled lets others make it', () =>
  says(
    `
const future = interruptible.submit(() => globals.get('it', () => { raise(begun); for (;;); }));
reaches(begun, 1);
future.cancel();
console.log(next(), globals.get('it', () => 5));
`,
    'next 5\n',
  ));

test('cancel() twice, and of what is over', () =>
  says(
    `
const future = interruptible.submit(() => { raise(begun); for (;;); });
reaches(begun, 1);
console.log(future.cancel(), future.cancel());
console.log(next(), future.cancel());
const over = interruptible.submit(() => 1);
console.log(over.result(), over.cancel(), over.cancelled());
const fails = interruptible.submit(() => { throw new RangeError('x'); });
console.log(fails.exception().name, fails.cancel());
`,
    'true true\nnext true\n1 false false\nRangeError false\n',
  ));

test('an aborted signal cancels what runs and what waits', () =>
  says(
    `
const abort = new AbortController();
const submitter = executor.withOptions({ interruptible: true, signal: abort.signal });
const running = submitter.submit(() => { raise(begun); for (;;); });
const waiting = submitter.submit(() => raise(begun));
reaches(begun, 1);
abort.abort();
console.log(running.cancelled(), waiting.cancelled(), next(), value(begun));
console.log(submitter.submit(() => 1).cancelled());
console.log(attempt(() => executor.withOptions({ interuptible: true })), attempt(() => executor.withOptions({ interruptible: 1 })));
`,
    'true true next 1\ntrue\nTypeError TypeError\n',
  ));

test('a task that has returned a promise is not interruptible any more', () =>
  says(
    `
const done = counter();
const future = interruptible.submit(async () => { raise(begun); await undefined; for (; value(done) === 0; await undefined); return 'whole'; });
reaches(begun, 1);
// Until it has returned its promise it is.
const stopped = future.cancel();
if (stopped) {
  raise(done);
  console.log(true, next());
} else {
  raise(done);
  console.log(future.result() === 'whole', next());
}
const late = interruptible.submit(() => new Promise((resolve) => setTimeout(() => { raise(begun); setTimeout(resolve, 50, 'late'); }, 0)));
reaches(begun, 2);
console.log(late.cancel(), late.result());
`,
    'true next\nfalse late\n',
  ));

test("a task can cancel itself, and another thread's", () =>
  says(
    `
const own = new SharedArray();
const two = new ThreadPoolExecutor({ maxWorkers: 2 });
const submitter = two.withOptions({ interruptible: true });
const itself = submitter.submit(() => { while (own.length === 0); own[0] ?? own.at(0); own.at(0).cancel(); raise(begun); for (;;); });
own.push(itself);
console.log(attempt(() => itself.result()));
const loop = submitter.submit(() => { for (;;) raise(begun); });
console.log(two.submit((loop) => { reaches(begun, 5); return loop.cancel(); }, loop).result(), loop.cancelled());
two.shutdown();
console.log('all gone');
`,
    'CancelledError\ntrue true\nall gone\n',
  ));

test('a cancelled task that swallows the end is stopped all the same', () =>
  says(
    `
const never = new Event();
const future = interruptible.submit(() => { raise(begun); for (;;) try { never.wait(); } catch {} });
reaches(begun, 1);
becomes(isParked, 'a thread that waits');
future.cancel();
console.log(next());
`,
    'next\n',
  ));

test('several threads are stopped at the same time, and shutdown waits for none of them', () =>
  says(
    `
const many = new ThreadPoolExecutor({ maxWorkers: 4 });
const futures = Array.from({ length: 4 }, () => many.withOptions({ interruptible: true }).submit(() => { raise(begun); for (;;); }));
reaches(begun, 4);
console.log(futures.map((future) => future.cancel()).join());
many.shutdown();
console.log('all gone');
`,
    'true,true,true,true\nall gone\n',
  ));

const ROUNDS = extent(60, 200);

test(`${ROUNDS} times in a row, at any moment: the next task is never touched, and nothing is reported`, () =>
  says(
    `
// Interleaving: main cancels A's task at a moment between its beginning and a little after its end; the next task is behind it. What is cut
// is the first or nothing. The moment follows the end: it is later when it was too early, and sooner when it was too late.
let delay = 1;
let cut = 0;
let whole = 0;
const workers = () => atomic.load(H_WORKERS);
interruptible.submit(() => {}).result();
for (let n = 0; n < ${ROUNDS}; n++) {
  const goal = value(begun) + 1;
  const task = interruptible.submit((kind) => {
    raise(begun);
    const end = performance.now() + 1;
    if (kind === 0) while (performance.now() < end);
    else if (kind === 1) for (const event = new Event(); performance.now() < end; ) event.wait(0.1);
    else for (const array = new SharedArray(); performance.now() < end; ) array.push({ n: [1, 'x'] });
    return 'whole';
  }, n % 3);
  const after = executor.submit((n) => {
    let sum = 0;
    for (let at = 0; at < 20_000; at++) sum += at;
    return new Map([[n, sum]]).get(n);
  }, n);
  reaches(begun, goal);
  for (const end = performance.now() + delay * Math.random() * 2; performance.now() < end; );
  const cancelled = task.cancel();
  if (cancelled !== task.cancelled()) console.log('cancel() said', cancelled);
  if (cancelled) cut++; else whole++;
  const seen = attempt(() => task.result());
  if (seen !== (cancelled ? 'CancelledError' : 'whole')) console.log(n, 'seen', seen);
  const got = after.result();
  if (got !== 199990000) console.log(n, 'next', got);
  delay = Math.min(4, Math.max(0.05, delay + (cancelled ? 0.05 : -0.05)));
}
console.log(cut > ${ROUNDS} / 10, cut + whole);
executor.shutdown();
console.log([...slots()].filter((slot) => atomic.load(recordOf(slot) + R_GUARD) !== 0).length);
`,
    `true ${ROUNDS}\n0\n`,
  ));

test('the shared heap is whole after tasks that worked on it were stopped', () =>
  says(
    `
const array = new SharedArray();
const map = new SharedMap();
for (let n = 0; n < ${extent(20, 60)}; n++) {
  const goal = value(begun) + 1;
  const task = interruptible.submit((array, map) => {
    raise(begun);
    for (let at = 0; ; at = (at + 1) % 500) {
      scope(() => array.push({ at, list: [at, String(at)] }));
      map.set('k' + at, { at });
      map.delete('k' + ((at + 250) % 500));
      if (array.length > 500) array.splice(0, 400);
    }
  }, array, map);
  reaches(begun, goal);
  nap(3);
  task.cancel();
  const size = executor.submit((array, map) => {
    array.push({ at: -1, list: [] });
    map.set('after', array.length);
    return [array.length, new SharedArray([1, 2]).length, new Lock().locked(), scope(() => 5)].length;
  }, array, map).result();
  if (size !== 4) console.log(n, size);
  for (const item of array) if (item.list === undefined) console.log('torn', item);
}
executor.shutdown();
checkHeap();
console.log('whole');
`,
    'whole\n',
  ));
