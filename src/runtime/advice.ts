// What to do about a wait that will never end, by what is waited for.

const ADVICE: readonly (readonly [waits: RegExp, held: string, free: string])[] = [
  [
    /^(?:read\.|write\.)?acquire\(\) of (?:lock|rlock|RWLock)/i,
    'Acquire locks in the same order everywhere, or give a time-out.',
    'Nobody is left to release the lock: release it by `with`, `using` or in a `finally` block.',
  ],
  [/^acquire\(\) of a/, '', 'Nobody is left to release the semaphore: release it by `with`, or in a `finally` block.'],
  [/^wait\(\) on event/, '', 'Nobody is left to set the event: set it in a `finally` block, or give a time-out.'],
  [
    /^wait\(\) on condition/,
    '',
    'Nobody is left to notify: change the data and call `notify()` under the lock, and wait with `waitFor`.',
  ],
  [
    /^get\(\) of queue/,
    '',
    'Nobody is left to put an item: call `shutdown()` of the queue after the last one, or give a time-out.',
  ],
  [
    /^put\(\) of queue/,
    '',
    'Nobody is left to take an item: the queue is full. Give a time-out, or a larger `maxSize`.',
  ],
  [/^join\(\) of queue/, '', 'Nobody is left to call `taskDone()`: call it once for each item, in a `finally` block.'],
  [/barrier/i, '', 'Fewer threads are left than the barrier waits for: make it for fewer threads, or give a time-out.'],
  [
    /future|a task|^shutdown\(\)|executors/,
    '',
    'Tasks wait for each other, or nobody is left to settle the future: give `result()` a time-out.',
  ],
  [/globals\.get/, '', 'Two functions that make globals ask for each other: let one of them not ask.'],
];

const SELF = 'Use an RLock, which the thread that holds it may acquire again, or release the lock first.';
const OTHER = 'Give a time-out, or make sure that a thread is left that ends the wait.';

/** @param holder who has it: the thread that waits itself, another one, or nobody that is known. */
export function adviceFor(wait: string, holder: 'itself' | 'another' | 'nobody'): string {
  const [, held, free] = ADVICE.find(([waits]) => waits.test(wait)) ?? [undefined, OTHER, OTHER];
  if (holder === 'itself' && /^acquire\(\) of lock/.test(wait)) return SELF;
  return holder === 'nobody' || held === '' ? free : held;
}
