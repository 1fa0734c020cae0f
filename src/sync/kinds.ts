// What the cells of this library's are called in reports.

import {
  K_ARRAY,
  K_MAP,
  K_RECORD,
  K_SET,
  K_SYNC,
  KIND_MASK,
  SHAPE_SHIFT,
  SYNC_MASK,
  SYNC_WORDS_SHIFT,
} from '../heap/types.js';
import {
  BARRIER,
  BOUNDED_SEMAPHORE,
  CONDITION,
  EVENT,
  EXECUTOR,
  FUTURE,
  LIFO_QUEUE,
  LOCK,
  PRIORITY_QUEUE,
  QUEUE,
  RLOCK,
  RWLOCK,
  RWLOCK_SIDE,
  SEMAPHORE,
  SIMPLE_QUEUE,
  THREAD,
  TIMER,
} from './cell.js';
import { ROLL_WORDS } from './roll.js';

const SYNC: Readonly<Record<number, string>> = {
  [LOCK]: 'lock',
  [RLOCK]: 'rlock',
  [EVENT]: 'event',
  [SEMAPHORE]: 'semaphore',
  [BOUNDED_SEMAPHORE]: 'semaphore',
  [CONDITION]: 'condition',
  [BARRIER]: 'barrier',
  [RWLOCK]: 'RWLock',
  [RWLOCK_SIDE]: 'RWLock',
  [QUEUE]: 'queue',
  [LIFO_QUEUE]: 'queue',
  [PRIORITY_QUEUE]: 'queue',
  [SIMPLE_QUEUE]: 'queue',
  [FUTURE]: 'future',
  [EXECUTOR]: 'executor',
  [THREAD]: 'thread',
  [TIMER]: 'timer',
};

const OTHERS: Readonly<Record<number, string>> = {
  [K_RECORD]: 'record',
  [K_ARRAY]: 'array',
  [K_MAP]: 'map',
  [K_SET]: 'set',
};

/** In a cell with this header: how many bytes are before its roll (roll.ts); Infinity = it has none. */
export function beforeRoll(header: number): number {
  const kind = (header >>> SHAPE_SHIFT) & SYNC_MASK;
  if ((header & KIND_MASK) !== K_SYNC || (kind !== RWLOCK && kind !== BARRIER)) return Infinity;
  return (1 + ((header >>> SYNC_WORDS_SHIFT) & SYNC_MASK) - ROLL_WORDS) * 4;
}

/** What a cell with this header is: "lock"; "object" if it has no name. */
export function nameOfKind(header: number): string {
  const kind = header & KIND_MASK;
  const found = kind === K_SYNC ? SYNC[(header >>> SHAPE_SHIFT) & SYNC_MASK] : OTHERS[kind];
  return found ?? 'object';
}
