// The kinds of locks and their like, and the classes of errors that every thread has.

import { adopt } from '../heap/adopt.js';
import { defineErrorClass } from '../heap/error.js';
import { MemoryError } from '../heap/errors.js';
import { K_SYNC } from '../heap/types.js';
import { defineKind } from '../heap/values.js';
import {
  BOUNDED_SEMAPHORE,
  CONDITION,
  defineSync,
  defineSyncClass,
  EVENT,
  LOCK,
  RLOCK,
  RWLOCK,
  RWLOCK_SIDE,
  SEMAPHORE,
  syncObject,
  WAITER,
} from './cell.js';
import { Condition } from './condition.js';
import { BrokenBarrierError, DeadlockError, KeyboardInterrupt, SystemExit, ThreadError } from './errors.js';
import { Event } from './event.js';
import { Lock } from './lock.js';
import { RLock } from './rlock.js';
import { RWLock, sideOf } from './rwlock.js';
import { BoundedSemaphore, Semaphore } from './semaphore.js';
import { Waiter } from './waiters.js';

/** Once in each thread, before it has a lock. */
export function defineSyncKinds(): void {
  defineKind(K_SYNC, syncObject);
  // Built by hand.
  defineSync(LOCK, (cell, page) => adopt(Lock, cell, page));
  defineSyncClass(RLOCK, RLock);
  defineSyncClass(EVENT, Event);
  defineSyncClass(SEMAPHORE, Semaphore);
  defineSyncClass(BOUNDED_SEMAPHORE, BoundedSemaphore);
  defineSyncClass(CONDITION, Condition);
  defineSyncClass(WAITER, Waiter);
  defineSyncClass(RWLOCK, RWLock);
  defineSync(RWLOCK_SIDE, sideOf);
  for (const Class of [ThreadError, DeadlockError, BrokenBarrierError, SystemExit, KeyboardInterrupt, MemoryError]) {
    defineErrorClass(Class);
  }
}
