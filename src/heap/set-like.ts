// The other set in an operation on two, as the language takes it: anything that has a size, `has` and `keys`.

import { describe } from './errors.js';

export interface SetLike<T> {
  readonly size: number;
  has(member: never): boolean;
  keys(): Iterator<T>;
}

/** What was read of it, once. */
export interface Read<T> {
  readonly size: number;
  readonly has: (member: unknown) => boolean;
  readonly keys: () => Iterator<T>;
}

/** @throws TypeError, RangeError when it is not like a set; `method` is the caller's name. */
export function setLike<T>(method: string, other: SetLike<T>): Read<T> {
  const size = typeof other === 'object' && other !== null ? Number(other.size) : Number.NaN;
  if (Number.isNaN(size) || typeof other.has !== 'function' || typeof other.keys !== 'function') {
    throw new TypeError(`${method}() takes a set, or what has size, has() and keys(), not ${describe(other)}`);
  }
  if (size < 0) throw new RangeError(`${method}() takes a set, not one with the size ${size}`);
  return { size, has: (member) => Boolean(other.has(member as never)), keys: () => other.keys() };
}

/** Its members. An iterator need not be iterable. */
export function* membersIn<T>({ keys }: Read<T>): Generator<T> {
  const iterator = keys();
  for (let step = iterator.next(); step.done !== true; step = iterator.next()) yield step.value;
}

/** Whether all its members are in a set. */
export function isContained(other: Read<unknown>, members: ReadonlySet<unknown>): boolean {
  if (other.size > members.size) return false;
  for (const member of membersIn(other)) if (!members.has(member)) return false;
  return true;
}
