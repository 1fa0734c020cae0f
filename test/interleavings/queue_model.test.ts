// The model of the kernel's steps on a ring answers as the kernel does, and leaves the same words behind: for random sequences of them, on a
// real queue and in the model.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Queue } from 'heddle';
import { k } from '#heddle/heap/kernel.js';
import { me } from '#heddle/heap/room.js';
import {
  ABSENT,
  OTHER,
  Q_AGAIN,
  Q_CALLED,
  Q_CLOSED,
  Q_FIRST,
  Q_FULL,
  Q_HEAD,
  Q_MAX,
  Q_NEVER,
  Q_NOT_EMPTY,
  Q_NOT_FULL,
  Q_TAIL,
  Q_TURN,
  Q_UNFINISHED,
  Q_WAITING,
} from '#heddle/heap/types.js';
import { REFERENCES, wordIn } from '#heddle/heap/values.js';
import { atomic } from '#heddle/memory/atomics.js';
import { R_ANSWER } from '#heddle/memory/layout.js';
import { own, record } from '#heddle/memory/self.js';
import { addressOf } from '#heddle/sync/cell.js';
import type { Words } from './automaton.ts';
import { Model } from './queue_model.ts';

const COMPARED = [Q_HEAD, Q_TAIL, Q_CLOSED, Q_UNFINISHED].concat(
  [Q_NOT_EMPTY, Q_NOT_FULL].flatMap((side) => [side + Q_TURN, side + Q_WAITING, side + Q_CALLED]),
);

/** What a real step has answered: code and second answer, as the model's. */
function second(code: number, counts: boolean): { code: number; second: number } {
  return { code, second: counts ? own[R_ANSWER >>> 2]! : 0 };
}

test('the model is as the kernel', () => {
  for (let round = 0; round < 300; round++) {
    const most = 1 + Math.floor(Math.random() * 4);
    const queue = new Queue<number>({ maxSize: most });
    // Makes the ring.
    queue.put(1);
    queue.get();
    queue.taskDone();
    const cell = addressOf(queue as never);
    const memory = new Map<number, number>([
      [cell + Q_MAX, most],
      [cell + Q_HEAD, 1],
      [cell + Q_TAIL, 1],
    ]);
    const words: Words = { read: (at) => memory.get(at) ?? 0, write: (at, value) => void memory.set(at, value) };
    const model = new Model();
    /** How many wait on each side, so that only who is counted looks again or leaves. */
    const waiting = { [Q_NOT_EMPTY]: 0, [Q_NOT_FULL]: 0 };
    for (let step = 0; step < 60; step++) {
      const side = Math.random() < 0.5 ? Q_NOT_EMPTY : Q_NOT_FULL;
      const again = waiting[side] > 0 && Math.random() < 0.5;
      const mode = again ? Q_AGAIN : Math.random() < 0.5 ? Q_NEVER : Q_FIRST;
      const choice = Math.random();
      if (choice < 0.02) {
        const drain = Math.random() < 0.5;
        k.queueShut(cell, drain ? 1 : 0, record, me);
        model.shut(words, cell, drain);
      } else if (choice < 0.15 && waiting[side] > 0) {
        waiting[side]--;
        assert.equal(k.queueLeave(cell, side, me), model.leave(words, cell, side).code);
      } else if (side === Q_NOT_FULL) {
        const code = k.queuePut(cell, step + 1, mode, record, me);
        const waits = code === Q_FULL;
        assert.deepEqual(second(code, waits), model.put(words, cell, step + 1, mode));
        if (waits && mode === Q_FIRST) waiting[side]++;
        if (!waits && mode === Q_AGAIN) waiting[side]--;
      } else {
        const number = k.queueGet(cell, mode, record, me);
        const code = number < REFERENCES ? number : -wordIn(number);
        const waits = code === -ABSENT;
        assert.deepEqual(second(code, code !== -OTHER), model.get(words, cell, mode));
        if (waits && mode === Q_FIRST) waiting[side]++;
        if (!waits && mode === Q_AGAIN) waiting[side]--;
      }
      for (const word of COMPARED) assert.equal(atomic.load(cell + word), words.read(cell + word), `word ${word}`);
    }
  }
});
