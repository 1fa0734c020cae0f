// Iterators that are written by hand: four times as fast as generators.

import { beginning, NEXT, type TableCell } from './table-cell.js';

/** What all iterators inherit from, with the helpers that the platform has. */
export const iterators = Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]())) as object;

/** An iterator over what `next` gives. */
export function iterator<T>(next: () => IteratorResult<T, undefined>): IterableIterator<T> {
  return { __proto__: iterators, next } as unknown as IterableIterator<T>;
}

/** An iterator over the entries of a table, in the order in which they were added. `give` makes what it yields. */
export function iterate<T>(table: TableCell, give: (key: unknown, value: unknown) => T): IterableIterator<T> {
  const cursor = beginning();
  let over = false;
  return iterator(() => {
    if (over || !table[NEXT](cursor)) {
      over = true;
      return { done: true, value: undefined };
    }
    return { done: false, value: give(cursor.key, cursor.value) };
  });
}
