// The lock types that the tests of section 2.2 run for.

import { Condition, RLock } from 'heddle';
import { allocate_lock, LockType } from 'heddle/thread';

/** What every lock type can do. */
export interface AnyLock {
  acquire(wait?: boolean | number | { timeout?: number }, timeout?: number): boolean;
  release(): void;
  with<T>(body: () => T): T;
  toString(): string;
}

export interface LockKind {
  readonly name: string;
  readonly make: () => AnyLock;
  /** With arguments that it does not take; undefined where the type takes some. */
  readonly construct?: (...args: unknown[]) => unknown;
}

export const lockKinds: readonly LockKind[] = [
  {
    name: 'Lock',
    make: allocate_lock,
    construct: (...args) => new (LockType as new (...args: unknown[]) => unknown)(...args),
  },
  {
    name: 'RLock',
    make: () => new RLock(),
    construct: (...args) => new (RLock as new (...args: unknown[]) => unknown)(...args),
  },
  { name: 'Condition', make: () => new Condition() },
  { name: 'Condition of a Lock', make: () => new Condition(allocate_lock()) },
];
