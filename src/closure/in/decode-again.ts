// What a thread makes by itself instead of getting a copy. It makes it once, when a function that uses it arrives for the first time.
import { type Ingredient, makeAgain, originalOf, type Part, type Recipe } from '../again.js';
import type { AgainPayload, Graph } from '../graph.js';
import { poisons } from '../rebuilt.js';
import { factoryFor } from './compile.js';
import { recordOf } from './decode-function.js';
import type { Decoder } from './decoder.js';
import { poisonValue } from './poison.js';

type Values = Record<string, unknown>;
type Thunk = () => unknown;

const made = new Map<string, Values>();
/** Statements that this thread has repeated. */
const completed = new Set<string>();
/** What must be done with a value that is being made. */
const making = new Map<string, (() => void)[]>();

/** The value of a node: this thread's own, made now if it is not there yet. */
export function madeValue(decoder: Decoder, payload: AgainPayload): unknown {
  const { key, name } = payload;
  const original = originalOf(key, name);
  if (original) return original;
  const values = made.get(key) ?? make(decoder, payload);
  return values[name];
}

/** Does `then` when the value of a node is there. */
export function whenMade({ key }: AgainPayload, then: () => void): void {
  const waiting = making.get(key);
  if (waiting) waiting.push(then);
  else then();
}

/** Makes what takes a promise, before a graph is rebuilt; undefined if there is nothing to make. */
export function makeWaiting({ nodes }: Graph, open: () => Decoder): Promise<unknown> | undefined {
  const wanted = new Map<string, AgainPayload>();
  for (const node of nodes) {
    if (node[0] === 'again' && node[1].waits && !made.has(node[1].key)) wanted.set(node[1].key, node[1]);
  }
  return wanted.size === 0 ? undefined : makeAll([...wanted.values()], open);
}

/** One after another: each may need others. */
async function makeAll(wanted: AgainPayload[], open: () => Decoder): Promise<void> {
  let before: number;
  do {
    before = wanted.length;
    for (const payload of wanted.splice(0)) {
      const promise = promises.get(payload.key) ?? makeSoon(open(), payload);
      promises.set(payload.key, promise);
      if (!(await promise)) {
        promises.delete(payload.key);
        wanted.push(payload);
      }
    }
  } while (wanted.length > 0 && wanted.length < before);
  for (const payload of wanted) failed(payload, new Error('it and others of its module wait for each other'));
}

const promises = new Map<string, Promise<boolean>>();

/** Whether all that it needs was there. */
async function makeSoon(decoder: Decoder, payload: AgainPayload): Promise<boolean> {
  if (originalOf(payload.key, payload.name)) return true;
  try {
    making.set(payload.key, []);
    const steps = payload.parts.map((part) => open(decoder, part));
    decoder.settle();
    const [first] = steps as [Step];
    prepare(decoder, first, true);
    const values = (await first.thunk()) as Values;
    complete(decoder, payload, steps, values);
  } catch (error) {
    if (error === NOT_YET) {
      making.delete(payload.key);
      return false;
    }
    failed(payload, error);
  }
  return true;
}

const NOT_YET = Symbol('not yet');

function make(decoder: Decoder, payload: AgainPayload): Values {
  const { key, name, parts, waits } = payload;
  if (waits) throw NOT_YET;
  if (making.has(key)) {
    return { [name]: poisonValue(`'${name}' is used in this thread while it is being made`) };
  }
  making.set(key, []);
  const steps = parts.map((part) => open(decoder, part));
  decoder.settle();
  decoder.makeEarlier(payload);
  try {
    const [first] = steps as [Step];
    prepare(decoder, first, true);
    return complete(decoder, payload, steps, first.thunk() as Values);
  } catch (error) {
    if (error === NOT_YET) {
      making.delete(key);
      throw error;
    }
    return failed(payload, error);
  }
}

interface Step {
  readonly thunk: Thunk;
  readonly part: AgainPayload['parts'][0];
  readonly set: (at: number) => void;
  readonly env: unknown[];
}

/** A step of a recipe as a function; what it needs is put in when it is run. */
function open(decoder: Decoder, part: AgainPayload['parts'][0]): Step {
  const record = recordOf(part.code);
  let setVariable: (at: number, value: unknown) => void = () => {};
  const bound = record.free.map((_name, at) => at in part.env);
  const thunk = factoryFor(record, bound, undefined)(
    (set) => {
      setVariable = set;
    },
    decoder.metaFor(record),
    undefined,
    () => {},
  ) as Thunk;
  const env: unknown[] = new Array(part.env.length);
  const set = (at: number): void => {
    env[at] = decoder.value(part.env[at]);
    setVariable(at, env[at]);
  };
  return { thunk, part, set, env };
}

function complete(decoder: Decoder, payload: AgainPayload, steps: readonly Step[], values: Values): Values {
  const [first, ...others] = steps as [Step, ...Step[]];
  made.set(payload.key, values);
  finish(payload.key);
  for (const at of first.part.late) first.set(at);
  decoder.settle();
  for (const step of others) {
    // A package's export can be completed by several modules.
    if (completed.has(step.part.code)) continue;
    completed.add(step.part.code);
    prepare(decoder, step, false);
    step.thunk();
  }
  remember(payload, values, steps);
  return values;
}

function prepare(decoder: Decoder, { part, set }: Step, isFirst: boolean): void {
  for (const at of part.env.keys()) {
    if (at in part.env && !(isFirst && part.late.includes(at))) set(at);
  }
  decoder.settle();
}

function finish(key: string): void {
  const waiting = making.get(key) ?? [];
  making.delete(key);
  for (const then of waiting) then();
}

function failed({ key, name }: AgainPayload, error: unknown): Values {
  const text = error instanceof Error && !poisons.has(error) ? `${error.name}: ${error.message}` : String(error);
  const value = poisonValue(
    `'${name}' did not travel to this thread: it is made again in each thread, and that failed here with ${text}. ` +
      'Make it in a function that runs in the thread, with what it needs, or with new ThreadLocal(() => …)',
  );
  const values = new Proxy({}, { get: () => value });
  made.set(key, values);
  finish(key);
  return values;
}

/** So that it goes on from here as it came. */
function remember({ key, file, order, waits }: AgainPayload, values: Values, steps: readonly Step[]): void {
  const parts: Part[] = steps.map(({ part, env }) => {
    const record = recordOf(part.code);
    const ingredients = record.free.map((name, at): Ingredient | undefined =>
      at in part.env ? { kind: 'value', name, read: () => env[at], changing: false, again: undefined } : undefined,
    );
    return { record, env: ingredients };
  });
  const recipe: Recipe = { key, file, order, waits, parts };
  for (const [name, value] of Object.entries(values)) {
    if ((typeof value === 'object' && value !== null) || typeof value === 'function')
      makeAgain(value, { recipe, name });
  }
}
