// What a future's call is, on its way to the thread that makes it: in the cell of the future.
//
//   FUNCTION    the parcel of a function that cannot change. Its submitter makes it once; whoever meets it rebuilds the function once,
//               and keeps it as long as the parcel
//   ARGUMENTS   how many arguments there are, each in VALUES as it is: up to INLINE of them
//               MANY    as they are in a shared array, the first of VALUES
//               GRAPH   in a parcel, the first of VALUES: one graph with the function
//               WHOLE   the function too: it can change, and is captured anew each time
//
// A function is known to be one that cannot change at its second submission (src/closure/capture.ts).

import { captureCall, captureFor, Ledger, type PostedFunction, postedFunction } from '../closure/capture.js';
import type { AnyFunction } from '../closure/functions.js';
import { type Call, dropKept, rebuildCall } from '../closure/rebuild.js';
import { detach, takeAllMarked } from '../closure/transfer.js';
import { isPlain, type Parcel, packetIn, parcelOf } from '../data/parcel.js';
import { SharedArray } from '../heap/array.js';
import { V } from '../memory/memory.js';
import { addressOf, loadValue, storeValue } from '../sync/cell.js';
import { ARGUMENTS, FUNCTION, type Future, INLINE, VALUES } from './future.js';

const MANY = -1;
const GRAPH = -2;
const WHOLE = -3;

type AnyFuture = Future<unknown>;

/** The parcel of each function that this thread has posted, as long as the function is as it was. */
const posted = new WeakMap<PostedFunction, Parcel>();

/**
 * Writes a call into a future that nobody else knows yet.
 * @throws CaptureError when something cannot travel.
 */
export function writeCall(future: AnyFuture, fn: AnyFunction, args: readonly unknown[]): void {
  const moved = takeAllMarked(args);
  write(future, fn, args);
  // Copied they are: what was marked is gone here.
  detach(moved);
}

function write(future: AnyFuture, fn: AnyFunction, args: readonly unknown[]): void {
  const address = addressOf(future);
  let known = postedFunction(fn);
  if (known === undefined) {
    const call = captureCall(fn, args, undefined);
    known = postedFunction(fn);
    if (known === undefined) {
      const { transfer, label } = call;
      const packet = call.packet(new Ledger());
      storeValue(address + VALUES, parcelOf({ packet, handles: call.handles, transfer }, label), label);
      setCount(address, WHOLE);
      return;
    }
  }
  storeValue(address + FUNCTION, parcelFor(known), known.label);
  if (!args.every(isPlain)) {
    storeValue(address + VALUES, parcelOf(captureFor(known, args), known.label), known.label);
    setCount(address, GRAPH);
  } else if (args.length > INLINE) {
    const array = new SharedArray<unknown>();
    array.push(...args);
    storeValue(address + VALUES, array, '');
    setCount(address, MANY);
  } else {
    for (let at = 0; at < args.length; at++) storeValue(address + VALUES + at * 4, args[at], 'an argument');
    setCount(address, args.length);
  }
}

function setCount(address: number, count: number): void {
  V.I32[(address + ARGUMENTS) >>> 2] = count;
}

function parcelFor(known: PostedFunction): Parcel {
  let parcel = posted.get(known);
  if (parcel === undefined) {
    parcel = parcelOf({ packet: known.packet(), handles: known.handles, transfer: [] }, known.label);
    posted.set(known, parcel);
  }
  return parcel;
}

/** A parcel of a call that is not a future's: an executor's initializer. */
export function packCall(fn: AnyFunction, args: readonly unknown[]): Parcel {
  const call = captureCall(fn, args, undefined);
  const { transfer, label } = call;
  return parcelOf({ packet: call.packet(new Ledger()), handles: call.handles, transfer }, label);
}

export const unpackCall = (parcel: unknown): Call | Promise<Call> => rebuildCall(packetIn(parcel as Parcel));

/** Functions of this thread by their parcels. */
const functions = new WeakMap<object, Call['fn']>();

/** The latest of them: the parcel's object here might go between two tasks, with nobody but the heap to hold it. */
const recent: Parcel[] = [];
const RECENT = 16;

/** The latest of this thread's objects for a parcel is the one whose end counts. */
const holders = new Map<number, object>();

const gone = new FinalizationRegistry<{ readonly id: number }>((holder) => {
  if (holders.get(holder.id) !== holder) return;
  holders.delete(holder.id);
  dropKept(holder.id);
});

/** The call of a future that this thread has claimed; a promise when modules must be imported first. */
export function readCall(future: AnyFuture): Call | Promise<Call> {
  const address = addressOf(future);
  const count = V.I32[(address + ARGUMENTS) >>> 2]!;
  if (count === WHOLE) return unpackCall(loadValue(address + VALUES));
  const parcel = loadValue(address + FUNCTION) as Parcel;
  const fn = functions.get(parcel);
  if (fn !== undefined)
    return count === GRAPH ? unpackCall(loadValue(address + VALUES)) : { fn, args: readArguments(address, count) };
  const rebuilt = rebuildFunction(parcel);
  return rebuilt instanceof Promise ? rebuilt.then(() => readCall(future)) : readCall(future);
}

function rebuildFunction(parcel: Parcel): void | Promise<void> {
  const packet = packetIn(parcel) as { closure: { id: number } };
  const keep = ({ fn }: Call): void => {
    functions.set(parcel, fn);
    const holder = { id: packet.closure.id };
    holders.set(holder.id, holder);
    gone.register(parcel, holder);
    if (recent.push(parcel) > RECENT) recent.shift();
  };
  const call = rebuildCall(packet);
  if (call instanceof Promise) return call.then(keep);
  keep(call);
}

function readArguments(address: number, count: number): unknown[] {
  if (count === MANY) return (loadValue(address + VALUES) as SharedArray<unknown>).toArray();
  const args = new Array<unknown>(count);
  for (let at = 0; at < count; at++) args[at] = loadValue(address + VALUES + at * 4);
  return args;
}

/** The thread has nothing to do for long: it lets go of functions. */
export function forgetFunctions(): void {
  recent.length = 0;
}
