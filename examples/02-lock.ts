// Four threads count together. Without the lock, two threads would sometimes read the same value, and additions would be lost.

import { allocateLock, startNewThread } from 'heddle';

const THREADS = 4;
const ROUNDS = 10_000;

const lock = allocateLock();
const done = allocateLock();
const counter = new Int32Array(new SharedArrayBuffer(8));
const [COUNT, FINISHED] = [0, 1] as const;

function add(index: number, amount: number): number {
  const sum = counter[index]! + amount;
  counter[index] = sum;
  return sum;
}

done.acquire();
for (let n = 0; n < THREADS; n++) {
  startNewThread(() => {
    for (let round = 0; round < ROUNDS; round++) lock.with(() => add(COUNT, 1));
    if (lock.with(() => add(FINISHED, 1)) === THREADS) done.release();
  }, []);
}

// A lock has no owner: the last thread released what main had acquired.
done.acquire();
console.log(`${THREADS} threads × ${ROUNDS} = ${counter[COUNT]}`);
