// The locks that this thread holds, as the tools are told of them.

import { CELL } from '../heap/values.js';
import { V } from '../memory/memory.js';
import { nameOfKind } from '../sync/kinds.js';
import { nameOfCell } from '../sync/titles.js';

export interface HeldLock {
  readonly lock: object;
  /** Address of its cell; of a side of an RWLock, that of the side. */
  readonly cell: number;
  /** What it is: "lock", "ReadLock". */
  readonly kind: string;
}

export const held: HeldLock[] = [];

export const entryOf = (lock: object): HeldLock => ({
  lock,
  cell: (lock as { [CELL](): number })[CELL]() * 4,
  kind: String((lock as { [Symbol.toStringTag]?: string })[Symbol.toStringTag] ?? 'lock'),
});

export function noteAcquired(entry: HeldLock): void {
  held.push(entry);
}

export function noteReleased(lock: object): void {
  const at = held.findLastIndex((entry) => entry.lock === lock);
  if (at >= 0) held.splice(at, 1);
}

/** "lock 'ledger'", or with its address where it has no name. */
export function titleOfCell(cell: number, kind = nameOfKind(V.I32[cell >>> 2]!)): string {
  const name = nameOfCell(cell);
  return `${kind} ${name === '' ? `0x${cell.toString(16)}` : `'${name}'`}`;
}

/** ", holding lock 'a', lock 'b'"; empty = none. */
export function heldText(): string {
  if (held.length === 0) return '';
  return `, holding ${held.map(({ cell, kind }) => titleOfCell(cell, kind)).join(', ')}`;
}
