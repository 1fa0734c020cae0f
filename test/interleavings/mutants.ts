// A copy of the mutex's algorithm into which one bug at a time can be planted, to see that the explorer finds it. Without a bug it
// must pass every scenario, so that what is found is the bug. It spins less than ours and keeps no note of what it waits for, which
// changes nothing but the traces' length.

import { atomic } from '#heddle/memory/atomics.js';
import { CONTENDED, FREE, HELD } from '#heddle/memory/mutex.js';
import type { MutexUnderTest } from './mutex_under_test.ts';

export type Bug =
  | 'release wakes nobody'
  | 'release is a load and a store'
  | 'release wakes one although asynchronous waiters are there'
  | 'acquire is a load and a store'
  | 'a thread that acquires after parking says HELD'
  | 'a thread that parks does not say so'
  | 'a wake-up is taken for the lock'
  | 'the asynchronous waiter is counted after it has begun to wait'
  | 'the asynchronous waiter is counted until its abort and not until it leaves the queue'
  | 'the asynchronous waiter that was given up acquires'
  | 'the asynchronous waiter is not uncounted when its time is up'
  | 'the wake-up of the dead is not passed on';

const SPINS = 2;
const ASYNC = 4;

export function mutexWith(bug?: Bug): MutexUnderTest {
  const tryAcquire = (word: number): boolean => {
    if (bug === 'acquire is a load and a store') {
      if (atomic.load(word) !== FREE) return false;
      atomic.store(word, HELD);
      return true;
    }
    return atomic.compareExchange(word, FREE, HELD) === FREE;
  };

  const acquireBlocking = (word: number, timeout: number): boolean => {
    for (let spin = 0; spin < SPINS; spin++) {
      if (atomic.load(word) === FREE && tryAcquire(word)) return true;
    }
    const deadline = timeout === Infinity ? Infinity : atomic.now() + timeout;
    let acquired = false;
    for (;;) {
      acquired = grab(word);
      if (acquired) break;
      const remaining = deadline === Infinity ? Infinity : deadline - atomic.now();
      if (remaining <= 0) break;
      const outcome = atomic.wait(word, bug === 'a thread that parks does not say so' ? HELD : CONTENDED, remaining);
      if (bug === 'a wake-up is taken for the lock' && outcome === 'ok') {
        acquired = true;
        break;
      }
      if (bug === 'a thread that acquires after parking says HELD' && tryAcquire(word)) {
        acquired = true;
        break;
      }
    }
    return acquired;
  };

  /** The look at the word before parking. */
  const grab = (word: number): boolean => {
    if (bug === 'a thread that parks does not say so') return tryAcquire(word);
    return atomic.exchange(word, CONTENDED) === FREE;
  };

  const acquireEventually: MutexUnderTest['acquireEventually'] = (word, timeout, done) => {
    const deadline = timeout === Infinity ? Infinity : atomic.now() + timeout;
    let cancelled = false;
    let abandon = () => {};
    let counted = false;
    const enter = () => {
      if (!counted) atomic.add(word + ASYNC, 1);
      counted = true;
    };
    const leave = () => {
      if (counted) atomic.add(word + ASYNC, -1);
      counted = false;
    };
    if (bug !== 'the asynchronous waiter is counted after it has begun to wait') enter();
    const attempt = (): void => {
      if (cancelled && bug !== 'the asynchronous waiter that was given up acquires') {
        leave();
        return;
      }
      if (atomic.exchange(word, CONTENDED) === FREE) {
        leave();
        done(true);
        return;
      }
      const remaining = deadline === Infinity ? Infinity : deadline - atomic.now();
      if (remaining <= 0) {
        if (bug !== 'the asynchronous waiter is not uncounted when its time is up') leave();
        done(false);
        return;
      }
      const waiting = atomic.waitAsync(word, CONTENDED, remaining, attempt);
      enter();
      abandon = () => waiting.abandon();
    };
    attempt();
    return {
      cancel() {
        if (cancelled) return;
        cancelled = true;
        if (bug === 'the asynchronous waiter is counted until its abort and not until it leaves the queue') leave();
        abandon();
      },
    };
  };

  const release = (word: number): boolean => {
    let before: number;
    if (bug === 'release is a load and a store') {
      before = atomic.load(word);
      atomic.store(word, FREE);
    } else {
      before = atomic.exchange(word, FREE);
    }
    if (before === CONTENDED) wake(word);
    return before !== FREE;
  };

  const wake = (word: number): void => {
    if (bug === 'release wakes nobody') return;
    const one = bug === 'release wakes one although asynchronous waiters are there';
    atomic.notify(word, !one && atomic.load(word + ASYNC) > 0 ? Infinity : 1);
  };

  const passOn = (word: number): void => {
    if (word !== 0 && bug !== 'the wake-up of the dead is not passed on') wake(word);
  };

  return { tryAcquire, acquireBlocking, acquireEventually, release, passOn };
}
