// Values on their way through the shared heap, with no message between: what a queue holds, what a task is called with, what a future
// brings. What an argument can carry, they can.
//
// What the heap holds by itself goes as it is: primitives, shared objects, locks. All else is captured as an argument would be (plain data
// arrives as a copy, an error as an error of its class, a function with its captures) and lies in a PARCEL cell:
//   {header, text: the packet, held: the shared objects that it names, buffers: the shared buffers in it}

import { captureValue, rebuildValue } from '../closure/codec.js';
import type { ValuePacket } from '../closure/graph.js';
import type { SharedArray } from '../heap/array.js';
import { share } from '../heap/copy.js';
import { adoptCell } from '../heap/inflight.js';
import { cellOf } from '../heap/values.js';
import { fromText, toText } from '../platform/serialize.js';
import { addressOf, defineSyncClass, loadValue, PARCEL, SyncCell, storeValue, syncHeader } from '../sync/cell.js';
import { detach, takeMarked } from './transfer.js';

const HEADER = syncHeader(PARCEL, 0, 3);
const TEXT = 4;
const HELD = 8;
const BUFFERS = 12;

/** A captured value in the heap. Never given to programs. */
class Parcel extends SyncCell {
  constructor() {
    super(HEADER);
  }
}

defineSyncClass(PARCEL, Parcel);

/** Whether a value is the same in every thread as it is: then it needs no parcel. */
export function isPlain(value: unknown): boolean {
  switch (typeof value) {
    case 'function':
    case 'object':
      return value === null || cellOf(value) !== 0;
    case 'symbol':
      return false;
    default:
      return true;
  }
}

/**
 * A value as something that `storeValue` takes without a copy. `name` is what error messages call it. What `transfer` has marked is gone here
 * afterwards.
 * @throws CaptureError, DataCloneError when it cannot travel.
 */
export function pack(value: unknown, name: string): unknown {
  if (isPlain(value)) return value;
  const captured = captureValue(value, name);
  const packet = captured.packet() as ValuePacket;
  const buffers = takeBuffers(packet);
  const text = toText(packet);
  const parcel = new Parcel();
  const address = addressOf(parcel);
  if (captured.handles.length > 0) storeValue(address + HELD, share(captured.handles.map(adoptCell)), name);
  if (buffers.length > 0) storeValue(address + BUFFERS, share(buffers), name);
  storeValue(address + TEXT, text, name);
  detach(takeMarked(value));
  return parcel;
}

/** The value of what `pack` has made, by this or another thread; a promise of it when modules must be imported first. */
export function unpack(packed: unknown): unknown {
  if (!(packed instanceof Parcel)) return packed;
  const address = addressOf(packed);
  const packet = fromText(loadValue(address + TEXT) as string) as ValuePacket;
  const buffers = loadValue(address + BUFFERS);
  if (buffers !== undefined) putBuffers(packet, (buffers as SharedArray<number | SharedArrayBuffer>).toArray());
  return rebuildValue(packet);
}

/** Takes the shared buffers out of a packet, for they have no text: {index of the node, buffer, …}. */
function takeBuffers({ graph }: ValuePacket): (number | SharedArrayBuffer)[] {
  const buffers: (number | SharedArrayBuffer)[] = [];
  graph.nodes.forEach((node, index) => {
    if (node[0] !== 'raw' || !(node[1] instanceof SharedArrayBuffer)) return;
    buffers.push(index, node[1]);
    node[1] = undefined;
  });
  return buffers;
}

function putBuffers({ graph }: ValuePacket, buffers: readonly (number | SharedArrayBuffer)[]): void {
  for (let at = 0; at < buffers.length; at += 2) graph.nodes[buffers[at] as number]![1] = buffers[at + 1] as never;
}
