// Errors. They are values: a thread reads a frozen error of its own. Its class is that of the original if every thread has that class, or
// the nearest above that every thread has. It has the name, message, stack, cause and own properties that the original had when it was
// shared, as far as these can be shared.
//
// Cell {header, words, class, message, stack, cause, properties, name}; the cause is ABSENT where there is none, the name undefined where the
// class says it.

import { withFrames } from '../memory/frames.js';
import { V } from '../memory/memory.js';
import { allocatePinned, classOf, fresh } from './allocate.js';
import { ArrayCell, COUNT, READ } from './array-cell.js';
import type { Page } from './pages.js';
import { type Copy, define, definePlain, plainRecord } from './plain.js';
import { ABSENT, K_ERROR } from './types.js';
import { cellOf, defineKind, nativeWrapper, readWord, storeWord, wordOf } from './values.js';

const WORDS = 6;
const CLASS = 2;
const MESSAGE = 3;
const STACK = 4;
const CAUSE = 5;
const PROPERTIES = 6;
const NAME = 7;

/** Prototypes that every thread has, by the name of their class. */
const prototypes = new Map<string, object>();
const names = new Map<object, string>();

/** Declares a class of errors that is in every thread. */
export function defineErrorClass(Class: abstract new (...args: never[]) => Error): void {
  const prototype = Class.prototype as Error;
  prototypes.set(Class.name, prototype);
  names.set(prototype, Class.name);
}

type ErrorClass = abstract new (...args: never[]) => Error;

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
const platform = globalThis as unknown as {
  readonly WebAssembly: Record<string, ErrorClass>;
  /** Not on every version. */
  readonly SuppressedError?: ErrorClass;
};
const { CompileError, LinkError, RuntimeError } = platform.WebAssembly;
for (const Class of [CompileError, LinkError, RuntimeError, platform.SuppressedError])
  if (Class !== undefined) defineErrorClass(Class);

/** Made by the platform when somebody first asks for it, and with state of its own. */
const PLATFORM = 'DOMException';

/** What an error says of itself. */
export interface ErrorFacts {
  readonly Class: string;
  readonly name: string | undefined;
  readonly message: string;
  readonly stack: string;
}

export function factsOf(error: Error, read: (error: Error, key: string) => unknown): ErrorFacts {
  const [message, stack] = [read(error, 'message'), read(error, 'stack')];
  const Class = classNameOf(error, read);
  const name = textOf(read(error, 'name'));
  return {
    Class,
    name: name === (prototypes.get(Class) as Error | undefined)?.name ? undefined : name,
    message: textOf(message),
    stack: typeof stack === 'string' ? stack : '',
  };
}

function textOf(value: unknown): string {
  try {
    return value === undefined ? '' : String(value);
  } catch {
    return '';
  }
}

/** The nearest class above that every thread has. */
function classNameOf(error: Error, read: (error: Error, key: string) => unknown): string {
  if (read(error, Symbol.toStringTag as never) === PLATFORM && error instanceof DOMException) return PLATFORM;
  for (let at: object | null = error; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    const name = names.get(at);
    if (name !== undefined) return name;
  }
  // Of another context: its class has the same name there.
  const name = textOf(read(error, 'name'));
  return prototypes.has(name) ? name : Error.name;
}

/** A shared error, without its cause and properties: `fillError`. */
export function shareError({ Class, name, message, stack }: ErrorFacts): Error {
  const cell = allocatePinned(classOf(8 + WORDS * 4));
  const page = fresh.page;
  V.I32[cell + 1] = WORDS;
  V.I32[cell] = K_ERROR;
  storeWord(cell + CLASS, wordOf(Class, 'the class of an error'));
  storeWord(cell + MESSAGE, wordOf(message, 'the message of an error'));
  storeWord(cell + STACK, wordOf(stack, 'the stack of an error'));
  storeWord(cell + CAUSE, ABSENT);
  storeWord(cell + NAME, wordOf(name, 'the name of an error'));
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
  const error = withFrames(0, () =>
    readWord(cell + CLASS) === PLATFORM
      ? new DOMException(readWord(cell + MESSAGE) as string, readWord(cell + NAME) as string)
      : new Error(),
  );
  // In its place before its cause is read, which may be the error itself.
  page[(cell & 1023) >> 2] = error;
  return nativeWrapper(error, cell);
}

function complete(error: Error, cell: number): void {
  const Class = readWord(cell + CLASS) as string;
  const message = readWord(cell + MESSAGE) as string;
  if (Class !== PLATFORM) {
    Object.setPrototypeOf(error, prototypes.get(Class) ?? Error.prototype);
    const name = readWord(cell + NAME) as string | undefined;
    if (name !== undefined) hide(error, 'name', name);
    if (message !== '') hide(error, 'message', message);
  }
  hide(error, 'stack', readWord(cell + STACK));
  if (V.I32[cell + CAUSE] !== ABSENT) hide(error, 'cause', readWord(cell + CAUSE));
  const properties = readWord(cell + PROPERTIES) as object | undefined;
  if (properties !== undefined)
    for (const [key, value] of Object.entries(plainRecord(properties))) {
      if (key === 'errors' && Class === AggregateError.name) hide(error, key, listOf(value));
      else if ((key === 'error' || key === 'suppressed') && Class === 'SuppressedError') hide(error, key, value);
      else define(error, key, value);
    }
  const { code, stack } = error as NodeJS.ErrnoException;
  if (typeof code === 'string' && stack!.startsWith(`${error.name} [${code}]: `)) hide(error, 'toString', showCode);
  Object.freeze(error);
}

/** As the errors of Node that have a code say what they are. */
function showCode(this: NodeJS.ErrnoException): string {
  return `${this.name} [${this.code}]: ${this.message}`;
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

function copyOut(error: object): Copy {
  const { message, name } = error as Error;
  const isPlatforms = readWord(cellOf(error) + CLASS) === PLATFORM;
  const copy = withFrames(0, () => (isPlatforms ? new DOMException(message, name) : new Error()));
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

/** Errors: how a thread makes its object for one, and what is copied out and printed. */
export function defineErrors(): void {
  defineKind(K_ERROR, (cell, page) => {
    const error = emptyError(cell, page);
    complete(error, cell);
    return error;
  });
  // For JSON.stringify it is itself: one object wherever it is met.
  definePlain({ is: (value) => value instanceof Error && cellOf(value) !== 0, copy: copyOut, show: copyOut });
}
