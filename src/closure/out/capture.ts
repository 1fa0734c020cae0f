// The way out: what a program hands over becomes a graph of nodes (graph.ts), with the code, the bytes and the shared objects that
// go with it. Everything goes this way: calls, arguments, results, errors, items of queues. How a capture then gets into the shared
// heap is src/parcel.
//
// A call of the same function again
//   first     everything is looked up
//   second    its file is analysed: a function whose variables cannot change is not looked into again (environment.ts), and if nothing
//             that it reaches can change either, it is kept: it is sent once, under a number, and the arguments are sent by themselves
//   later     the arguments
//
// A capture has the program's own bytes: copy them before anything else runs.
import { atomic } from '../../memory/atomics.js';
import { H_CLOSURES } from '../../memory/layout.js';
import { inspectorCalls, leave } from '../../platform/inspector.js';
import { CaptureError } from '../errors.js';
import { type Attachments, type Graph, isRef } from '../graph.js';
import { type AnyFunction, kindOf } from '../values/functions.js';
import { labelOf, nameOf } from '../values/labels.js';
import { expireExports } from '../values/packages.js';
import { type Path, rootPath } from '../values/paths.js';
import { GraphEncoder } from './encode.js';
import type { Encoder, Kept } from './encoder.js';
import type { NamedGift } from './luggage.js';
import { wholeOf } from './whole.js';

export { inspectorCalls };

/** What was captured. */
export interface Captured extends Attachments {
  /** The number of the function that it is, if its receiver is to keep that; else 0. */
  readonly kept: number;
  readonly graph: Graph;
  /** Addresses of the shared objects that it names: they must live until it has been rebuilt. */
  readonly handles: readonly number[];
  /** What this thread does not have any more when it is sent. */
  readonly gifts: readonly NamedGift[];
}

/** A function that cannot change. Who receives it keeps it under its number, and later calls name the number. */
export interface KeptFunction extends Kept {
  readonly contents: Captured;
  /** What must be as it was: numbers of own keys, and values of members. */
  readonly counted: Encoder['counted'];
  readonly read: Encoder['read'];
}

export interface CapturedCall {
  /** "function work at /abs/path/app.ts:12:7" */
  readonly label: string;
  /** The function, if it cannot change. */
  readonly kept: KeptFunction | undefined;
  /** The function and its arguments as the roots of one graph; the arguments alone if it is kept; nothing if they need no graph. */
  readonly values: Captured | undefined;
}

interface History {
  calls: number;
  readonly label: string;
  kept: KeptFunction | undefined;
}

const histories = new WeakMap<object, History>();

/** What an error message calls the argument at a place. */
export type Naming = (at: number) => string;
const byPlace: Naming = (at) => `args[${at}]`;

/**
 * Captures a call. `plain` says that the arguments need no graph: the receiver gets them as they are, if the function is kept.
 * @throws CaptureError when an argument cannot travel, the function cannot, or something that it takes along assigns to a capture.
 */
export function captureCall(
  fn: AnyFunction,
  args: readonly unknown[],
  plain = false,
  naming: Naming = byPlace,
): CapturedCall {
  const history = histories.get(fn);
  const current = history?.kept !== undefined && isCurrent(history.kept) ? history : undefined;
  if (current !== undefined && plain) return callOfKept(current, args, plain, naming);
  try {
    if (current !== undefined) return callOfKept(current, args, plain, naming);
    return captureAll(fn, args, plain, naming, history);
  } finally {
    leave();
  }
}

/**
 * Captures one value. `name` is what error messages call it. An error arrives as an instance of its class, with its own properties, cause
 * and stack. With `thrown`, what cannot travel in it is left out.
 * @throws CaptureError when it, or something in it that is not an error's, cannot travel.
 */
export function captureValue(value: unknown, name: string, thrown = false): Captured {
  const whole = captureWhole([value]);
  if (whole !== undefined) return whole;
  const encoder = new GraphEncoder(undefined, new Map(), false);
  try {
    const { nodes, roots } = encoder.encode([[value, rootPath(name)]], undefined, thrown);
    const root = roots[0]!;
    const [tag, why] = isRef(root) ? nodes[root[0]]! : [];
    if (tag === 'absent') throw new CaptureError(why as string);
    // Nothing in it is frozen.
    return contentsOf(encoder, { nodes, roots, capturedFrom: nodes.length });
  } finally {
    leave();
  }
}

/** Values that go as a whole; undefined if one is more than that. */
function captureWhole(values: readonly unknown[], kept?: KeptFunction): Captured | undefined {
  expireExports();
  const whole = wholeOf(values, kept?.index);
  if (whole === undefined) return undefined;
  const { nodes, roots, bytes } = whole;
  return { ...NOTHING_ELSE, graph: { nodes, roots, capturedFrom: nodes.length }, bytes };
}

const NOTHING_ELSE = { kept: 0, codes: [], maps: [], handles: [], gifts: [] };

const contentsOf = ({ codes, maps, bytes, handles, gifts }: Encoder, graph: Graph, kept = 0): Captured => ({
  kept,
  graph,
  codes: [...codes.values()],
  maps: [...maps.values()],
  bytes,
  handles,
  gifts,
});

/** Anyone may have put properties on a function, or replaced a member of a module. */
function isCurrent({ counted, read }: KeptFunction): boolean {
  for (const [owner, keys] of counted) if (Reflect.ownKeys(owner).length !== keys) return false;
  for (const [owner, name, value] of read) if ((owner as Record<string, unknown>)[name] !== value) return false;
  return true;
}

/** The arguments of a kept function refer to its graph, so that `===` and `instanceof` hold between them. */
function callOfKept({ label, kept }: History, args: readonly unknown[], plain: boolean, naming: Naming): CapturedCall {
  if (plain) return { label, kept, values: undefined };
  const whole = captureWhole(args, kept);
  if (whole !== undefined) return { label, kept, values: whole };
  const encoder = new GraphEncoder(kept);
  return { label, kept, values: contentsOf(encoder, encoder.encode(argumentPaths(args, naming))) };
}

/** A call after which a function that was changing is not looked at again for whether it can be kept. */
const LAST_ATTEMPT = 4;

function captureAll(
  fn: AnyFunction,
  args: readonly unknown[],
  plain: boolean,
  naming: Naming,
  known: History | undefined,
): CapturedCall {
  const inspections = new Map();
  if (known?.kept) {
    known.kept = undefined;
    known.calls++;
  }
  if (known && known.calls < LAST_ATTEMPT) {
    const alone = new GraphEncoder(undefined, inspections);
    const graph = alone.encode([], [fn, rootPath(nameOf(fn) || 'function')]);
    if (!alone.changing) {
      known.kept = keep(alone, graph);
      return callOfKept(known, args, plain, naming);
    }
  }
  const encoder = new GraphEncoder(undefined, inspections);
  const graph = encoder.encode(argumentPaths(args, naming), [fn, rootPath(nameOf(fn) || 'function')]);
  const history = known ?? { calls: 0, label: describe(fn, encoder), kept: undefined };
  history.calls++;
  histories.set(fn, history);
  return { label: history.label, kept: undefined, values: contentsOf(encoder, graph) };
}

const argumentPaths = (all: readonly unknown[], naming: Naming): [unknown, Path][] =>
  all.map((value, at) => [value, rootPath(naming(at))]);

function describe(fn: AnyFunction, encoder: Encoder): string {
  const kind = kindOf(fn, encoder.inspections);
  if ('record' in kind) return labelOf(nameOf(fn), kind.record);
  if (kind.kind === 'bound') return describe(kind.bound.target as AnyFunction, encoder);
  const from = kind.kind === 'export' ? ` from ${Object.values(kind.found.payload)[0]}` : '';
  return `function ${nameOf(fn) || '<anonymous>'}${from}`;
}

function keep(encoder: Encoder, graph: Graph): KeptFunction {
  const { counted, read, seen } = encoder;
  const id = atomic.add(H_CLOSURES, 1) + 1;
  const index = new Map([...seen].filter(([value]) => typeof value !== 'symbol')) as Map<object, number>;
  return { id, index, contents: contentsOf(encoder, graph, id), counted, read };
}
