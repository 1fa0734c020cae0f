// Handing on from one thread to another by an event and by a condition, against the bare futex: a ping-pong with `Atomics.wait` and
// `notify` on two words, all on one core. A hand-off is half of a round.

import { Worker } from 'node:worker_threads';
import { allocateLock, Condition, Event, type Lock, RLock, shared, startNewThread } from 'heddle';
import { type Comparison, clock, compare, onOneCore, type Row } from './harness.js';

const PARTNER = `
  const { workerData: words } = require('node:worker_threads');
  for (let turn = 1; ; turn++) {
    while (Atomics.load(words, 0) < turn) Atomics.wait(words, 0, turn - 1);
    Atomics.store(words, 16, turn);
    Atomics.notify(words, 16, 1);
  }
`;

export async function handoffRows(): Promise<Row[]> {
  return [...(await onOneCore(wakingRows)), await uncontended()];
}

async function wakingRows(): Promise<Row[]> {
  const words = new Int32Array(new SharedArrayBuffer(128));
  const partner = new Worker(PARTNER, { eval: true, workerData: words });
  partner.unref();
  let turn = 0;
  const theirs = (count: number): number =>
    clock(() => {
      for (let n = 0; n < count; n++) {
        turn++;
        Atomics.store(words, 0, turn);
        Atomics.notify(words, 0, 1);
        while (Atomics.load(words, 16) < turn) Atomics.wait(words, 16, turn - 1);
      }
    });
  const against: Omit<Comparison, 'name' | 'ours'> = {
    against: 'Atomics.wait/notify ping-pong',
    target: '≤ 1.5',
    unit: 'µs',
    count: 2_000,
    rounds: 25,
    theirs,
  };
  const rows = [
    await compare({ name: 'Event hand-off between two threads, both ways', ours: byEvents(), ...against }),
    await compare({ name: 'Condition hand-off, both ways', ours: byCondition(new RLock()), ...against }),
    await compare({ name: 'the same with a Lock', ours: byCondition(allocateLock()), ...against }),
    await compare({ name: 'the same with two conditions', ours: byTwoConditions(new RLock()), ...against }),
  ];
  await partner.terminate();
  return rows;
}

function byEvents(): (count: number) => number {
  const [ping, pong] = [new Event(), new Event()];
  startNewThread(() => {
    for (;;) {
      ping.wait();
      ping.clear();
      pong.set();
    }
  }, []);
  return (count) =>
    clock(() => {
      for (let n = 0; n < count; n++) {
        ping.set();
        pong.wait();
        pong.clear();
      }
    });
}

function byCondition(lock: Lock | RLock): (count: number) => number {
  const condition = new Condition(lock);
  const state = shared({ mine: true });
  startNewThread(() => {
    condition.acquire();
    for (;;) {
      while (state.mine) condition.wait();
      state.mine = true;
      condition.notify();
    }
  }, []);
  return (count) =>
    clock(() => {
      condition.acquire();
      for (let n = 0; n < count; n++) {
        state.mine = false;
        condition.notify();
        while (!state.mine) condition.wait();
      }
      condition.release();
    });
}

function byTwoConditions(lock: Lock | RLock): (count: number) => number {
  const [here, there] = [new Condition(lock), new Condition(lock)];
  const state = shared({ mine: true });
  startNewThread(() => {
    for (;;) {
      there.acquire();
      while (state.mine) there.wait();
      state.mine = true;
      here.notify();
      there.release();
    }
  }, []);
  return (count) =>
    clock(() => {
      for (let n = 0; n < count; n++) {
        here.acquire();
        state.mine = false;
        there.notify();
        while (!state.mine) here.wait();
        here.release();
      }
    });
}

function uncontended(): Promise<Row> {
  const [lock, plain] = [new RLock(), allocateLock()];
  return compare({
    name: 'uncontended RLock acquire + release',
    against: 'Lock',
    target: '≤ 1.2',
    unit: 'ns',
    count: 1_000_000,
    rounds: 25,
    ours: (count) =>
      clock(() => {
        for (let n = 0; n < count; n++) {
          lock.acquire();
          lock.release();
        }
      }),
    theirs: (count) =>
      clock(() => {
        for (let n = 0; n < count; n++) {
          plain.acquire();
          plain.release();
        }
      }),
  });
}
