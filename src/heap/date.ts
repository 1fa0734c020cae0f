// Dates. They are values: what is read is an object of this thread's that does not change, and a change is a new date that is assigned.

import { V } from '../memory/memory.js';
import { allocatePinned, classOf, fresh } from './allocate.js';
import { definePlain, type PlainKind } from './plain.js';
import { K_DATE } from './types.js';
import { defineKind, nativeWrapper } from './values.js';

class SharedDate extends Date {
  static {
    // What is printed of it is a date.
    Object.defineProperty(SharedDate, 'name', { value: 'Date' });
    for (const method of Object.getOwnPropertyNames(Date.prototype)) {
      if (!method.startsWith('set')) continue;
      Object.defineProperty(SharedDate.prototype, method, {
        value() {
          throw new TypeError(`${method}() cannot change a shared date: assign a new Date`);
        },
      });
    }
  }
}

/** A shared copy of a date. */
export function shareDate(date: Date): Date {
  const cell = allocatePinned(classOf(16));
  const page = fresh.page;
  V.F64[(cell + 2) >> 1] = Date.prototype.getTime.call(date);
  V.I32[cell] = K_DATE;
  const wrapper = nativeWrapper(new SharedDate(V.F64[(cell + 2) >> 1]!), cell);
  page[(cell & 1023) >> 2] = wrapper;
  return wrapper;
}

const plain: PlainKind = {
  is: (value) => value instanceof SharedDate,
  copy: (value) => ({ copy: new Date(Number(value)), fill() {} }),
};

/** Dates: how a thread makes its object for one, and what is copied out. */
export function defineDates(): void {
  defineKind(K_DATE, (cell) => nativeWrapper(new SharedDate(V.F64[(cell + 2) >> 1]!), cell));
  definePlain(plain);
}
