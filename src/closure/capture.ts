// Captures a call: a function with what it has captured, and its arguments, as one graph in one message.
//
//   first start     everything is looked up and sent
//   second start    its file is analysed: a function whose variables cannot change is not looked into again (environment.ts), and if
//                   nothing it reaches can change either, the target keeps the rebuilt function under an id
//   later starts    the id and the arguments
//
// The message shares memory with the program until it is posted: post it before anything else runs.
import { atomic } from '../memory/atomics.js';
import { H_CLOSURES } from '../memory/layout.js';
import { inspectorCalls, leave } from '../platform/inspector.js';
import { Encoder, isPrimitive, type Kept } from './encode.js';
import { type AnyFunction, kindOf } from './functions.js';
import type { CallPacket, CodeRecord, Graph, MapRecord } from './graph.js';
import { labelOf, nameOf } from './labels.js';
import { Ledger } from './ledger.js';
import { type Path, rootPath } from './paths.js';

export { inspectorCalls, Ledger };

export interface CapturedCall {
  /** Structured-cloneable message for this target; records in the ledger what it sends. */
  packet(ledger: Ledger): unknown;
  /** The id of the function that the target keeps, if that is all there is to say: then no packet is needed. 0 otherwise. */
  kept(ledger: Ledger): number;
  /** To be transferred with the message. */
  readonly transfer: readonly object[];
  /** Shared cells that must live until the target has rebuilt the call. Once a packet was made: those that it names. */
  readonly handles: readonly number[];
  /** "function work at /abs/path/app.ts:12:7" */
  readonly label: string;
}

/** A function that targets keep, because nothing it reaches can change. */
interface Closure {
  /** Unique in the process. */
  readonly id: number;
  readonly graph: Graph;
  readonly index: ReadonlyMap<object, number>;
  readonly codes: ReadonlyMap<string, CodeRecord>;
  readonly maps: ReadonlyMap<string, MapRecord>;
  readonly handles: readonly number[];
  readonly counted: readonly (readonly [owner: object, keys: number])[];
  readonly read: readonly (readonly [owner: object, name: string, value: unknown])[];
  readonly keepers: Set<Ledger>;
  /** The same for threads that find it in the shared heap, once somebody has asked. */
  posted: PostedFunction | undefined;
}

/**
 * A function that cannot change, for threads that find it in the shared heap instead of being sent it. They keep it under a number of its
 * own, since no ledger knows of them.
 */
export interface PostedFunction extends Kept {
  /** What rebuilds it: a call without arguments. Structured-cloneable. */
  packet(): CallPacket;
  /** Shared cells that must live as long as the packet does. */
  readonly handles: readonly number[];
  readonly label: string;
}

interface History {
  starts: number;
  readonly label: string;
  closure: Closure | undefined;
}

const histories = new WeakMap<object, History>();

/**
 * `names` are what error messages call the arguments.
 * @throws CaptureError when an argument cannot travel, the function cannot, or something that it takes along assigns to a capture.
 */
export function captureCall(
  fn: AnyFunction,
  args: readonly unknown[],
  kwargs: object | undefined,
  names: readonly string[] = [],
): CapturedCall {
  const all = kwargs === undefined ? args : [...args, kwargs];
  const naming: Naming = (at) => names[at] ?? (at === args.length ? 'kwargs' : `args[${at}]`);
  // Fast path: the targets have the function.
  const history = histories.get(fn);
  if (history?.closure && isCurrent(history.closure)) {
    const flat = all.every(isPrimitive);
    return flat ? new KeptCall(history, history.closure, all) : captureArguments(history, history.closure, all, naming);
  }
  try {
    return captureAll(fn, all, naming, history);
  } finally {
    leave();
  }
}

/** The function as it is posted in the heap, if it was captured twice and nothing that it reaches can change. */
export function postedFunction(fn: AnyFunction): PostedFunction | undefined {
  const history = histories.get(fn);
  const closure = history?.closure;
  if (history === undefined || closure === undefined || !isCurrent(closure)) return undefined;
  closure.posted ??= post(closure, history.label);
  return closure.posted;
}

function post({ graph, index, codes, maps, handles }: Closure, label: string): PostedFunction {
  const id = atomic.add(H_CLOSURES, 1) + 1;
  const packet = (): CallPacket => ({ ...new Ledger().ship(codes, maps), closure: { id, graph }, args: [] });
  return { id, index, packet, handles, label };
}

/** Arguments for a posted function: one graph with it, so that `===` and `instanceof` hold between them. */
export function captureFor(
  { id, index }: PostedFunction,
  args: readonly unknown[],
): Pick<CapturedCall, 'transfer' | 'handles'> & { readonly packet: CallPacket } {
  const encoder = new Encoder({ id, index });
  try {
    const graph = encoder.encode(argumentPaths(args, (at) => `args[${at}]`));
    const packet = { ...new Ledger().ship(encoder.codes, encoder.maps), closure: { id }, graph };
    return { packet, transfer: encoder.transfer, handles: encoder.handles };
  } finally {
    leave();
  }
}

/** Anyone may have put properties on a function, or replaced a member of a module. */
function isCurrent({ counted, read }: Closure): boolean {
  for (const [owner, keys] of counted) if (Reflect.ownKeys(owner).length !== keys) return false;
  for (const [owner, name, value] of read) if ((owner as Record<string, unknown>)[name] !== value) return false;
  return true;
}

/** A start after which a function that was changing is not looked at again for whether it can be kept. */
const LAST_ATTEMPT = 4;

function captureAll(
  fn: AnyFunction,
  all: readonly unknown[],
  naming: Naming,
  known: History | undefined,
): CapturedCall {
  const inspections = new Map();
  if (known?.closure) forget(known);
  if (known && known.starts < LAST_ATTEMPT) {
    const alone = new Encoder(undefined, inspections);
    const graph = alone.encode([], [fn, rootPath(nameOf(fn) || 'function')]);
    if (!alone.changing) {
      known.closure = keep(fn, alone, graph);
      return all.every(isPrimitive)
        ? new KeptCall(known, known.closure, all)
        : captureArguments(known, known.closure, all, naming);
    }
  }
  const encoder = new Encoder(undefined, inspections);
  const graph = encoder.encode(argumentPaths(all, naming), [fn, rootPath(nameOf(fn) || 'function')]);
  const history = known ?? { starts: 0, label: describe(fn, encoder), closure: undefined };
  history.starts++;
  histories.set(fn, history);
  return new WholeCall(history.label, encoder, graph);
}

/** What an error message calls the argument at a place. */
type Naming = (at: number) => string;

const argumentPaths = (all: readonly unknown[], naming: Naming): [unknown, Path][] =>
  all.map((value, at) => [value, rootPath(naming(at))]);

function describe(fn: AnyFunction, encoder: Encoder): string {
  const kind = kindOf(fn, encoder.inspections);
  if ('record' in kind) return labelOf(nameOf(fn), kind.record);
  if (kind.kind === 'bound') return describe(kind.bound.target as AnyFunction, encoder);
  const from = kind.kind === 'export' ? ` from ${Object.values(kind.found.payload)[0]}` : '';
  return `function ${nameOf(fn) || '<anonymous>'}${from}`;
}

function keep(fn: AnyFunction, encoder: Encoder, graph: Graph): Closure {
  const { codes, maps, handles, counted, read, seen } = encoder;
  const id = atomic.add(H_CLOSURES, 1) + 1;
  const index = new Map([...seen].filter(([value]) => typeof value !== 'symbol')) as Map<object, number>;
  const closure: Closure = {
    id,
    graph,
    index,
    codes,
    maps,
    handles,
    counted,
    read,
    keepers: new Set(),
    posted: undefined,
  };
  abandoned.register(fn, { id, keepers: closure.keepers }, closure);
  return closure;
}

/** Functions that are gone here are of no use there. */
const abandoned = new FinalizationRegistry<Pick<Closure, 'id' | 'keepers'>>(dropEverywhere);

function dropEverywhere({ id, keepers }: Pick<Closure, 'id' | 'keepers'>): void {
  for (const ledger of keepers) ledger.dropClosure(id);
}

function forget(history: History): void {
  const closure = history.closure!;
  abandoned.unregister(closure);
  dropEverywhere(closure);
  history.closure = undefined;
  history.starts++;
}

function captureArguments(history: History, closure: Closure, all: readonly unknown[], naming: Naming): CapturedCall {
  const encoder = new Encoder(closure);
  try {
    const graph = encoder.encode(argumentPaths(all, naming));
    return new KeptCall(history, closure, undefined, encoder, graph);
  } finally {
    leave();
  }
}

const NOTHING: never[] = [];
const NO_CODES: ReadonlyMap<string, never> = new Map<string, never>();

class KeptCall implements CapturedCall {
  handles: readonly number[];
  readonly #history: History;
  readonly #closure: Closure;
  readonly #args: readonly unknown[] | undefined;
  readonly #encoder: Encoder | undefined;
  readonly #graph: Graph | undefined;

  constructor(
    history: History,
    closure: Closure,
    args: readonly unknown[] | undefined,
    encoder?: Encoder,
    graph?: Graph,
  ) {
    this.#history = history;
    this.#closure = closure;
    this.#args = args;
    this.#encoder = encoder;
    this.#graph = graph;
    this.handles = encoder ? [...closure.handles, ...encoder.handles] : closure.handles;
  }

  get label(): string {
    return this.#history.label;
  }

  get transfer(): readonly object[] {
    return this.#encoder?.transfer ?? NOTHING;
  }

  kept(ledger: Ledger): number {
    const { id } = this.#closure;
    if (this.#args?.length !== 0 || !ledger.hasClosure(id) || ledger.hasDropped) return 0;
    this.handles = NOTHING;
    return id;
  }

  packet(ledger: Ledger): CallPacket {
    const { id, graph, codes, maps, handles, keepers } = this.#closure;
    const encoder = this.#encoder;
    const values = this.#graph ? { graph: this.#graph } : { args: this.#args as unknown[] };
    if (ledger.hasClosure(id)) {
      // What the closure holds, the target holds.
      this.handles = encoder?.handles ?? NOTHING;
      if (!encoder && !ledger.hasDropped) return { closure: { id }, ...values };
      return { ...ledger.ship(encoder?.codes ?? NO_CODES, encoder?.maps ?? NO_CODES), closure: { id }, ...values };
    }
    ledger.addClosure(id);
    keepers.add(ledger);
    this.handles = encoder ? [...handles, ...encoder.handles] : handles;
    const allCodes = encoder ? new Map([...codes, ...encoder.codes]) : codes;
    const allMaps = encoder ? new Map([...maps, ...encoder.maps]) : maps;
    return { ...ledger.ship(allCodes, allMaps), closure: { id, graph }, ...values };
  }
}

class WholeCall implements CapturedCall {
  readonly label: string;
  readonly #encoder: Encoder;
  readonly #graph: Graph;

  constructor(label: string, encoder: Encoder, graph: Graph) {
    this.label = label;
    this.#encoder = encoder;
    this.#graph = graph;
  }

  get transfer(): readonly object[] {
    return this.#encoder.transfer;
  }

  get handles(): readonly number[] {
    return this.#encoder.handles;
  }

  kept(): number {
    return 0;
  }

  packet(ledger: Ledger): CallPacket {
    return { ...ledger.ship(this.#encoder.codes, this.#encoder.maps), graph: this.#graph };
  }
}
