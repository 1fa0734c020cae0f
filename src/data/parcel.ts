// Values on their way through the shared heap, with no message between: what a queue holds, what a task is called with, what a future
// brings. What an argument can carry, they can.
//
// What the heap holds by itself goes as it is: primitives, shared objects, locks. All else is captured as an argument would be (plain data
// arrives as a copy, an error as an error of its class, a function with its captures) and lies in a PARCEL cell:
//   {header, text: the packet, held: the shared objects that it names}

import { captureValue, rebuildValue } from '../closure/codec.js';
import { share } from '../heap/copy.js';
import { adoptCell } from '../heap/inflight.js';
import { cellOf } from '../heap/values.js';
import { fromText, toText } from '../platform/serialize.js';
import { addressOf, defineSyncClass, loadValue, PARCEL, SyncCell, storeValue, syncHeader } from '../sync/cell.js';

const HEADER = syncHeader(PARCEL, 0, 2);
const TEXT = 4;
const HELD = 8;

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
 * A value as something that `storeValue` takes without a copy. `name` is what error messages call it.
 * @throws CaptureError when it cannot travel.
 */
export function pack(value: unknown, name: string): unknown {
  if (isPlain(value)) return value;
  const captured = captureValue(value, name);
  const parcel = new Parcel();
  const address = addressOf(parcel);
  if (captured.handles.length > 0) storeValue(address + HELD, share(captured.handles.map(adoptCell)), name);
  storeValue(address + TEXT, toText(captured.packet()), name);
  return parcel;
}

/** The value of what `pack` has made, by this or another thread; a promise of it when modules must be imported first. */
export function unpack(packed: unknown): unknown {
  return packed instanceof Parcel ? rebuildValue(fromText(loadValue(addressOf(packed) + TEXT) as string)) : packed;
}
