// The locks that this thread holds, as the tools are told of them. What they are is asked for only when something is told.

import { CELL } from '../heap/values.js';
import { V } from '../memory/memory.js';
import { nameOfKind } from '../sync/kinds.js';
import { nameOfCell } from '../sync/titles.js';

/** In the order in which they were acquired. */
export const held: object[] = [];

/** Address of a lock's cell; of a side of an RWLock, that of the side. */
export const cellOfLock = (lock: object): number => (lock as { [CELL](): number })[CELL]() * 4;

/** What it is: "lock", "ReadLock". */
export const kindOfLock = (lock: object): string =>
  String((lock as { [Symbol.toStringTag]?: string })[Symbol.toStringTag] ?? 'lock');

export function noteAcquired(lock: object): void {
  held.push(lock);
}

export function noteReleased(lock: object): void {
  if (held.at(-1) === lock) {
    held.pop();
    return;
  }
  const at = held.lastIndexOf(lock);
  if (at >= 0) held.splice(at, 1);
}

/** "lock 'ledger'", or with its address where it has no name. */
export function titleOfCell(cell: number, kind = nameOfKind(V.I32[cell >>> 2]!)): string {
  const name = nameOfCell(cell);
  return `${kind} ${name === '' ? `0x${cell.toString(16)}` : `'${name}'`}`;
}

export const titleOfLock = (lock: object): string => titleOfCell(cellOfLock(lock), kindOfLock(lock));

/** ", holding lock 'a', lock 'b'"; empty = none. */
export function heldText(): string {
  return held.length === 0 ? '' : `, holding ${held.map(titleOfLock).join(', ')}`;
}
