// Copies of a future's transitions with one bug each.

import * as ours from '#heddle/futures/state.js';
import { atomic } from '#heddle/memory/atomics.js';
import { H_FUTURES } from '#heddle/memory/layout.js';
import { wake } from '#heddle/memory/park.js';
import type { FutureUnderTest } from './future_scenarios.ts';

export type Bug =
  | 'a claim is a load and a store'
  | 'cancelling is a load and a store'
  | 'cancelling a run is a load and a store'
  | 'who settles does not say so first'
  | 'the outcome is written after the state'
  | 'the end wakes nobody'
  | 'the end wakes one'
  | 'whether it is watched is read before the end is said'
  | 'who finds the thread dead does not say so first';

const WATCH = 8;

export function futureWith(bug?: Bug): FutureUnderTest {
  const tell = (word: number, watched: boolean): void => {
    if (bug === 'the end wakes one') atomic.notify(word, 1);
    else if (bug !== 'the end wakes nobody') wake(word, Infinity);
    if (!watched) return;
    atomic.add(H_FUTURES, 1);
    wake(H_FUTURES, Infinity);
  };
  const isWatched = (word: number): boolean => atomic.load(word + WATCH) === 1;
  const end = (word: number, outcome: number, write: () => void): void => {
    const early = bug === 'whether it is watched is read before the end is said' && isWatched(word);
    if (bug !== 'the outcome is written after the state') write();
    atomic.store(word, outcome);
    if (bug === 'the outcome is written after the state') write();
    tell(word, bug === 'whether it is watched is read before the end is said' ? early : isWatched(word));
  };
  const begin = (word: number, from: number, by: number): boolean =>
    bug === 'who settles does not say so first'
      ? atomic.load(word) === from
      : atomic.compareExchange(word, from, by | ours.SETTLING) === from;
  return {
    watch: ours.watch,
    claim(word, by) {
      if (bug !== 'a claim is a load and a store') return ours.claim(word, by);
      if (atomic.load(word) !== ours.PENDING) return false;
      atomic.store(word, by);
      return true;
    },
    cancel(word) {
      if (bug === 'cancelling is a load and a store') {
        if (atomic.load(word) !== ours.PENDING) return false;
        atomic.store(word, ours.CANCELLED);
        tell(word, isWatched(word));
        return true;
      }
      if (atomic.compareExchange(word, ours.PENDING, ours.CANCELLED) !== ours.PENDING) return false;
      tell(word, isWatched(word));
      return true;
    },
    cancelRun(word) {
      const before = atomic.load(word);
      if (before === ours.PENDING || ours.isOver(before) || ours.isSettling(before)) return 0;
      if (bug === 'cancelling a run is a load and a store') atomic.store(word, ours.CANCELLED);
      else if (atomic.compareExchange(word, before, ours.CANCELLED) !== before) return 0;
      tell(word, isWatched(word));
      return before;
    },
    settle(word, by, outcome, write) {
      const mine = begin(word, by, by);
      if (mine) end(word, outcome, write);
      return mine;
    },
    settleByHand(word, by, outcome, write) {
      for (;;) {
        const state = atomic.load(word);
        if (ours.isOver(state)) return false;
        if (ours.isSettling(state) && !ours.isOrphaned(state)) atomic.wait(word, state, Infinity);
        else if (begin(word, state, by)) break;
      }
      end(word, outcome, write);
      return true;
    },
    attemptEnd(word, by, write) {
      const state = atomic.load(word);
      if (ours.isOver(state)) return undefined;
      if (!ours.isOrphaned(state)) return state;
      if (bug !== 'who finds the thread dead does not say so first' && !begin(word, state, by)) {
        const now = atomic.load(word);
        return ours.isOver(now) ? undefined : now;
      }
      end(word, ours.FAILED, write);
      return undefined;
    },
  };
}
