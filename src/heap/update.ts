// update(): the atomic step on a record's field.

import { atomic } from '../memory/atomics.js';
import { V } from '../memory/memory.js';
import { describe } from './errors.js';
import { k } from './kernel.js';
import type { OrPlain } from './plain-form.js';
import { shapeOf } from './record.js';
import type { Field } from './record-class.js';
import { replaceBy, type Stored, storedAs } from './replace.js';
import { cellOf, encode, hold, numberOf, readNumber, readWord, sharable, wordIn, wordOf } from './values.js';

/**
 * Replaces a field of a shared record, or of a struct's instance, by what `change` returns for it, as one step. If another thread has changed the
 * field meanwhile, `change` is called again with the new value. It runs without a lock. If it throws, nothing changes. Arrays and maps
 * have a method `update`.
 *
 * @returns the new value.
 * @throws TypeError for what is no shared record, a field that it has not, and a value that cannot be shared.
 * @example
 * const hits = shared({ count: 0 });
 * update(hits, 'count', (count) => count + 1);
 */
export function update<T extends object, K extends keyof T & string>(
  record: T,
  field: K,
  change: (value: T[K], field: K) => OrPlain<T[K]>,
): T[K] {
  const found = fieldOf(record, field);
  if (typeof change !== 'function') throw new TypeError(`update() takes a function, not ${describe(change)}`);
  const value = replaceBy(
    () => read(record, found),
    (value) => sharable(change(value as T[K], field), `field '${field}'`),
    (value, before) => store(record, found, value, before),
    () => `field '${field}'`,
    'field',
  );
  hold(record);
  return value as T[K];
}

function fieldOf(record: unknown, field: string): Field {
  const shape = typeof record === 'object' && record !== null ? shapeOf(record) : undefined;
  if (shape === undefined) {
    throw new TypeError(
      `update() takes a shared record, not ${describe(record)}: a shared array and a shared map have a method update`,
    );
  }
  const found = shape.fields.find(({ name }) => name === field);
  if (found !== undefined) return found;
  throw new TypeError(
    `the record has no field ${describe(field)}: its fields are ${shape.fields.map(({ name }) => name).join(', ')}`,
  );
}

function read(record: object, { layout, offset }: Field): Stored {
  for (;;) {
    const index = cellOf(record) + offset;
    if (layout === 'number') {
      const number = V.F64[index >> 1];
      const stored = number === undefined ? undefined : storedAs(number);
      if (stored !== undefined) return stored;
      readNumber(index);
    } else {
      const word = V.I32[index];
      const stored = word === undefined ? undefined : storedAs(numberOf(word));
      if (stored !== undefined) return stored;
      // Once more, now that what it refers to is known here.
      readWord(index);
    }
  }
}

function store(record: object, { name, layout, offset }: Field, value: unknown, before: Stored): boolean {
  const index = cellOf(record) + offset;
  if (layout === 'number') return k.numberReplace(index * 4, before.number, encode(value, `field '${name}'`)) === 1;
  const word = wordOf(value, `field '${name}'`);
  return atomic.compareExchange(index * 4, wordIn(before.number) | 0, word | 0) === (wordIn(before.number) | 0);
}
