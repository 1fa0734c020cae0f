// A call on its way to the thread that makes it: six tagged words of a cell, of a future's or of a started thread's.
//
//   COUNT      how many arguments there are, if each is in VALUES as it is; else GRAPH
//   FUNCTION   the parcel of a function that cannot change. Its caller makes it once; each receiver rebuilds the function once, and keeps
//              it as long as the parcel. Undefined for a function that can change
//   VALUES     up to INLINE arguments; or, for GRAPH, a parcel of the arguments, or of the function and the arguments if FUNCTION is
//              undefined
//
// A function is known to be one that cannot change at its second call (src/closure/out/capture.ts).

import { CaptureError } from '../closure/errors.js';
import { dropKept, keep, rebuild } from '../closure/in/rebuild.js';
import { captureCall, type KeptFunction, type Naming } from '../closure/out/capture.js';
import type { NamedGift } from '../closure/out/luggage.js';
import type { AnyFunction } from '../closure/values/functions.js';
import { explainGift } from '../closure/values/paths.js';
import { give } from '../heap/buffer.js';
import { hold } from '../heap/values.js';
import {
  addressOf,
  discard,
  JOB,
  loadHeld,
  loadValue,
  SyncCell,
  storeCell,
  storeValue,
  syncHeader,
} from '../sync/cell.js';
import { isPlain, open, type Parcel, parcelOf } from './parcel.js';

/** How many arguments lie in the cell itself. */
const INLINE = 4;
/** Tagged words of a call. */
export const CALL_WORDS = 2 + INLINE;

const COUNT = 0;
const FUNCTION = 4;
const VALUES = 8;
/** Bytes of a job's cell before its call. */
const HEAD = 4;
/** Instead of a count. */
const GRAPH = -1;

type Fn = (...args: unknown[]) => unknown;

export interface Call {
  readonly fn: Fn;
  readonly args: unknown[];
}

/** A call in a cell of its own. */
export class Job extends SyncCell {
  constructor() {
    super(syncHeader(JOB, 0, CALL_WORDS));
  }
}

/** A call in a cell of its own, with all that is given away with it. Errors as of `writeCall` and `giveAway`. */
export function jobOf(fn: AnyFunction, args: readonly unknown[]): Job {
  const job = new Job();
  giveAway(writeCall(callOf(job), fn, args).gifts);
  return job;
}

/** Byte address of a job's call. */
export const callOf = (job: Job): number => addressOf(job) + HEAD;

/** As `readCall`, of a job by the address of its cell. */
export const readJob = (cell: number): Call | Promise<Call> => readCall(cell + HEAD);

/** A call that was written. */
export interface Written {
  /** What it calls, for reports: "function work at /abs/path/app.ts:12:7". */
  readonly label: string;
  /** What goes away with it: `giveAway`, when nothing else can fail any more, and before somebody makes the call. */
  readonly gifts: readonly NamedGift[];
}

const NOTHING: readonly NamedGift[] = [];

/**
 * Writes a call to a byte address, in a cell that nobody else knows yet. What it gives away is still this thread's.
 * @throws CaptureError when something cannot travel, MemoryError when there is no room for it.
 */
export function writeCall(at: number, fn: AnyFunction, args: readonly unknown[], naming?: Naming): Written {
  const plain = args.length <= INLINE && args.every(isPlain);
  const call = captureCall(fn, args, plain, naming);
  const { label, kept, values } = call;
  if (kept !== undefined) storeValue(at + FUNCTION, parcelFor(kept), label);
  if (values === undefined) {
    for (const [place, value] of args.entries()) storeValue(at + VALUES + place * 4, value, 'an argument');
    storeValue(at + COUNT, args.length, '');
  } else {
    const parcel = parcelOf(values);
    storeCell(at + VALUES, parcel);
    discard(parcel);
    storeValue(at + COUNT, GRAPH, '');
  }
  // What it names by address.
  hold(call);
  hold(fn);
  hold(args);
  return { label, gifts: values?.gifts ?? NOTHING };
}

/** A call whose parcels are there: of its function, if that is kept, and of its arguments; or of the function and its arguments. */
export interface CallParcels {
  readonly fn: Parcel | undefined;
  readonly values: Parcel;
}

/** As `writeCall`, of a call that was captured before. */
export function writeParcels(at: number, { fn, values }: CallParcels): void {
  storeCell(at + FUNCTION, fn);
  storeCell(at + VALUES, values);
  storeValue(at + COUNT, GRAPH, '');
}

/**
 * Gives away what goes with a call.
 * @throws CaptureError when the platform does not give one of them; then all are still here.
 */
export function giveAway(gifts: readonly NamedGift[]): void {
  if (gifts.length === 0) return;
  try {
    // Without the paths, which mean nothing elsewhere.
    give(gifts.map(({ path: _path, ...gift }) => gift));
  } catch (cause) {
    throw new CaptureError(explainGift(gifts), { cause });
  }
}

/** The parcel of each function that this thread has sent, as long as the function is as it was. */
const posted = new WeakMap<KeptFunction, Parcel>();

function parcelFor(kept: KeptFunction): Parcel {
  let parcel = posted.get(kept);
  if (parcel === undefined) {
    parcel = parcelOf(kept.contents);
    posted.set(kept, parcel);
  }
  return parcel;
}

/** The call at a byte address; a promise when modules must be imported first. The caller keeps the cell alive until it has the call. */
export function readCall(at: number): Call | Promise<Call> {
  const parcel = loadValue(at + FUNCTION) as Parcel | undefined;
  const fn = parcel && functionOf(parcel);
  if (fn instanceof Promise) return fn.then(() => readCall(at));
  const count = loadValue(at + COUNT) as number;
  if (fn !== undefined && count !== GRAPH) return { fn, args: inlineArguments(at, count) };
  const given = loadValue(at + VALUES) as Parcel;
  const call = open<Call>(given, (packet) => {
    const values = rebuild(packet);
    return fn === undefined ? { fn: values[0] as Fn, args: values.slice(1) } : { fn, args: values };
  });
  if (call instanceof Promise) return call.finally(() => discard(given));
  discard(given);
  return call;
}

function inlineArguments(at: number, count: number): unknown[] {
  const args = new Array<unknown>(count);
  for (let place = 0; place < count; place++) args[place] = loadHeld(at + VALUES + place * 4);
  return args;
}

/** Functions of this thread by their parcels. */
const functions = new WeakMap<Parcel, Fn>();

/** The latest of them: the parcel's object here might go between two calls, with nobody but the heap to hold it. */
const recent: Parcel[] = [];
const RECENT = 16;

/** The latest of this thread's objects for a parcel is the one whose end counts. */
const holders = new Map<number, object>();

const gone = new FinalizationRegistry<{ readonly id: number }>((holder) => {
  if (holders.get(holder.id) !== holder) return;
  holders.delete(holder.id);
  dropKept(holder.id);
});

function functionOf(parcel: Parcel): Fn | Promise<Fn> {
  return (
    functions.get(parcel) ??
    open(parcel, (packet) => {
      const fn = keep(packet) as Fn;
      functions.set(parcel, fn);
      const holder = { id: packet.kept };
      holders.set(holder.id, holder);
      gone.register(parcel, holder);
      if (recent.push(parcel) > RECENT) recent.shift();
      return fn;
    })
  );
}

/** The thread has nothing to do for long: it lets go of functions. */
export function forgetFunctions(): void {
  recent.length = 0;
}
