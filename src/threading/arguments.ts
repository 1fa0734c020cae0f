// Checks of what a thread is made from.

import { STACK_MINIMUM } from '../runtime/arguments.js';
import { type AcquireOptions, timeoutOf } from '../sync/arguments.js';
import { nextName } from './names.js';

/** What a thread runs. */
export interface Body {
  readonly target: ((...args: never[]) => unknown) | null | undefined;
  readonly args: readonly unknown[];
  readonly kwargs: object | undefined;
}

export interface Settings {
  readonly body: Body;
  readonly name: string;
  readonly daemon: boolean;
  readonly stackSize: number | undefined;
}

interface Options {
  readonly target?: unknown;
  readonly args?: unknown;
  readonly kwargs?: unknown;
  readonly name?: unknown;
  readonly daemon?: unknown;
  readonly stackSize?: unknown;
}

const KNOWN = ['target', 'args', 'kwargs', 'name', 'daemon', 'stackSize'];

/** The settings in the arguments of a constructor: `(target, options)` or `(options)`. */
export function settingsOf(given: readonly unknown[], inherited: () => boolean): Settings {
  if (given.length > 2) {
    throw new TypeError(
      `Thread() takes at most 2 arguments (${given.length} given): a function, and an object of options`,
    );
  }
  const [first, second] = given;
  const alone = isObject(first) && second === undefined;
  const options: Options = alone ? first : optionsOf(second);
  const unknown = Object.keys(options).find((key) => !KNOWN.includes(key));
  if (unknown !== undefined) throw new TypeError(`unknown option '${unknown}': known are ${KNOWN.join(', ')}`);
  if (!alone && options.target !== undefined) {
    throw new TypeError('Thread() takes the function as first argument or in its options, not both');
  }
  const target = alone ? options.target : first;
  const { args = [], kwargs, name, daemon = undefined, stackSize } = options;
  if (!isTarget(target)) throw new TypeError(`target must be a function, not ${describe(target)}`);
  if (!Array.isArray(args)) throw new TypeError(`args must be an array of arguments, not ${describe(args)}`);
  if (kwargs !== undefined && !isObject(kwargs)) {
    throw new TypeError(`kwargs must be an object or left out, not ${describe(kwargs)}`);
  }
  return {
    body: { target, args: [...args], kwargs },
    name: nameOf(name, target),
    daemon: daemon === undefined || daemon === null ? inherited() : Boolean(daemon),
    stackSize: stackSize === undefined ? undefined : checkBytes(stackSize, 'stackSize'),
  };
}

function optionsOf(value: unknown): Options {
  if (value === undefined) return {};
  if (!isObject(value)) throw new TypeError(`options must be an object such as { args: [] }, not ${describe(value)}`);
  return value;
}

/** An empty name is none. */
function nameOf(name: unknown, target: Body['target']): string {
  const given = name === undefined || name === null ? '' : String(name);
  if (given !== '') return given;
  return target?.name ? `${nextName('Thread')} (${target.name})` : nextName('Thread');
}

/** Milliseconds to wait for a thread's end. */
export function joinTimeout(options: AcquireOptions & { signal?: AbortSignal }): number {
  const { timeout } = options;
  return typeof timeout === 'number' && timeout < 0 ? 0 : timeoutOf(options);
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isTarget = (value: unknown): value is Body['target'] =>
  value === undefined || value === null || typeof value === 'function';

/** A size of stacks in bytes. */
export function checkBytes(size: unknown, name: string): number {
  if (size === undefined) return 0;
  if (typeof size !== 'number' || !Number.isInteger(size)) {
    throw new TypeError(`${name} must be a whole number of bytes, or 0 for the default, not ${describe(size)}`);
  }
  if (size !== 0 && (size < STACK_MINIMUM || size >= 2 ** 63)) {
    throw new RangeError(`${name} of ${size} bytes: give 0 for the default, or at least ${STACK_MINIMUM}`);
  }
  return size;
}

export function describe(value: unknown): string {
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'object' && value !== null) return `an object of ${value.constructor?.name ?? 'no class'}`;
  return value === null || value === undefined ? String(value) : `${typeof value} ${String(value)}`;
}
