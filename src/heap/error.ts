// Errors. They are values: what is read is a frozen error of this thread's, of the same class where every thread has it, with the
// message, stack, cause and own properties that the error had when it was shared.
//
// Cell {header, words, class, message, stack, cause, properties}; the cause is ABSENT where there is none.

import { V } from '../memory/memory.js';
import { allocatePinned, classOf, fresh } from './allocate.js';
import { ArrayCell, COUNT, READ } from './array-cell.js';
import type { Page } from './pages.js';
import { type Copy, define, definePlain, plainRecord } from './plain.js';
import { ABSENT, K_ERROR } from './types.js';
import { cellOf, defineKind, nativeWrapper, readWord, storeWord, wordOf } from './values.js';

const WORDS = 5;
const CLASS = 2;
const MESSAGE = 3;
const STACK = 4;
const CAUSE = 5;
const PROPERTIES = 6;

/** Prototypes that every thread has, by name. */
const prototypes = new Map<string, object>();

/** Declares a class of errors that is in every thread; its prototype has the name. */
export function defineErrorClass(Class: abstract new (...args: never[]) => Error): void {
  prototypes.set((Class.prototype as Error).name, Class.prototype as object);
}

const BUILTIN = [
  Error,
  TypeError,
  RangeError,
  SyntaxError,
  ReferenceError,
  EvalError,
  URIError,
  AggregateError,
] as const;
for (const Class of BUILTIN) defineErrorClass(Class);

/** A shared copy of an error, without its cause and properties: `fillError`. */
export function shareError(error: Error): Error {
  const { name, message, stack } = error;
  const cell = allocatePinned(classOf(8 + WORDS * 4));
  const page = fresh.page;
  V.I32[cell + 1] = WORDS;
  V.I32[cell] = K_ERROR;
  storeWord(cell + CLASS, wordOf(String(name), 'the name of an error'));
  storeWord(cell + MESSAGE, wordOf(String(message), 'the message of an error'));
  storeWord(cell + STACK, wordOf(typeof stack === 'string' ? stack : '', 'the stack of an error'));
  storeWord(cell + CAUSE, ABSENT);
  return emptyError(cell, page);
}

/** Its cause, if it has one, and its own properties, a record: all shared already. Then it is frozen. */
export function fillError(
  shared: Error,
  cause: { readonly value: unknown } | undefined,
  properties: object | undefined,
): void {
  const cell = cellOf(shared);
  if (cause !== undefined) storeWord(cell + CAUSE, wordOf(cause.value, 'the cause of an error'));
  if (properties !== undefined) storeWord(cell + PROPERTIES, wordOf(properties, 'the properties of an error'));
  complete(shared, cell);
}

function emptyError(cell: number, page: Page): Error {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  const error = new Error();
  Error.stackTraceLimit = stackTraceLimit;
  // In its place before its cause is read, which may be the error itself.
  page[(cell & 1023) >> 2] = error;
  return nativeWrapper(error, cell);
}

function complete(error: Error, cell: number): void {
  const name = readWord(cell + CLASS) as string;
  const prototype = prototypes.get(name);
  if (prototype !== undefined) Object.setPrototypeOf(error, prototype);
  else hide(error, 'name', name);
  const message = readWord(cell + MESSAGE) as string;
  if (message !== '') hide(error, 'message', message);
  hide(error, 'stack', readWord(cell + STACK));
  if (V.I32[cell + CAUSE] !== ABSENT) hide(error, 'cause', readWord(cell + CAUSE));
  const properties = readWord(cell + PROPERTIES) as object | undefined;
  if (properties !== undefined)
    for (const [key, value] of Object.entries(plainRecord(properties))) {
      if (key === 'errors' && name === AggregateError.name) hide(error, key, listOf(value));
      else define(error, key, value);
    }
  Object.freeze(error);
}

/** The errors of an AggregateError: an array that no more changes than they do. */
function listOf(errors: unknown): unknown {
  if (typeof errors !== 'object' || errors === null || !ArrayCell.is(errors)) return errors;
  // One by one: a copy at one moment would be made in the heap, and nobody else has this array.
  return Object.freeze(Array.from({ length: errors[COUNT] }, (_, at) => errors[READ](at)));
}

function hide(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, { value, writable: true, enumerable: false, configurable: true });
}

defineKind(K_ERROR, (cell, page) => {
  const error = emptyError(cell, page);
  complete(error, cell);
  return error;
});

function copyOut(error: object): Copy {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  const copy = new Error();
  Error.stackTraceLimit = stackTraceLimit;
  Object.setPrototypeOf(copy, Object.getPrototypeOf(error) as object);
  return {
    copy,
    fill(plain) {
      for (const key of Reflect.ownKeys(error)) {
        const found = Object.getOwnPropertyDescriptor(error, key)!;
        const value = Array.isArray(found.value) ? found.value.map(plain) : plain(found.value);
        Object.defineProperty(copy, key, { ...found, value, writable: true, configurable: true });
      }
    },
  };
}

// For JSON.stringify it is itself: one object wherever it is met.
definePlain({ is: (value) => value instanceof Error && cellOf(value) !== 0, copy: copyOut, show: copyOut });
