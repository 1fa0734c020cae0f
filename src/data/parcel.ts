// Values on their way through the shared heap, with no message between: what a queue holds, what a task is called with, what a future
// brings. What an argument can carry, they can.
//
// What the heap holds by itself goes as it is: primitives, shared objects, locks. All else is captured as an argument would be (plain data
// arrives as a copy, an error as an error of its class, a function with its captures) and lies in a PARCEL cell:
//   {header, text: the packet, held: the shared objects that it names}

import { captureValue, importsOf, rebuildValue } from '../closure/codec.js';
import type { Graph, Node } from '../closure/graph.js';
import { detach, takeMarked } from '../closure/transfer.js';
import { shareBuffer } from '../heap/buffer.js';
import { share } from '../heap/copy.js';
import { adoptCell, addressOf as cellAddress } from '../heap/inflight.js';
import { cellOf, hold } from '../heap/values.js';
import { fromText, toText } from '../platform/serialize.js';
import { addressOf, defineSyncClass, loadValue, PARCEL, SyncCell, storeValue, syncHeader } from '../sync/cell.js';
import { mask, unmask } from '../sync/safepoint.js';

const HEADER = syncHeader(PARCEL, 0, 2);
const TEXT = 4;
const HELD = 8;

/** A captured value in the heap. Never given to programs. */
export class Parcel extends SyncCell {
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

/** What a capture has made, as far as a parcel needs it. */
export interface Contents {
  readonly packet: unknown;
  readonly handles: readonly number[];
  /** What can only go with a message: then it cannot go this way. */
  readonly transfer: readonly object[];
}

/**
 * A parcel of what was captured. `name` is what error messages call it.
 * @throws TypeError when something in it can only go with a message.
 */
export function parcelOf({ packet, handles, transfer }: Contents, name: string): Parcel {
  if (transfer.length > 0) {
    throw new TypeError(
      `${name} holds what can only be given to a thread that is started, such as a port: pass it to start_new_thread()`,
    );
  }
  const shared: object[] = handles.map((address) => adoptCell(address) as object);
  const whole = withBuffers(packet as Graphs, shared);
  const parcel = new Parcel();
  const address = addressOf(parcel);
  if (shared.length > 0) storeValue(address + HELD, share(shared), name);
  storeValue(address + TEXT, toText(whole), name);
  return parcel;
}

/** The packet of a parcel. */
export const packetIn = (parcel: Parcel): unknown => fromText(loadValue(addressOf(parcel) + TEXT) as string);

interface Graphs {
  readonly graph?: Graph;
  readonly closure?: { readonly id: number; readonly graph?: Graph };
}

/** The packet with its SharedArrayBuffers as shared objects, which are added to `held`: text cannot carry them. */
function withBuffers(packet: Graphs, held: object[]): Graphs {
  const { graph, closure } = packet;
  return {
    ...packet,
    ...(graph && { graph: shareBuffersOf(graph, held) }),
    ...(closure?.graph && { closure: { ...closure, graph: shareBuffersOf(closure.graph, held) } }),
  };
}

function shareBuffersOf(graph: Graph, held: object[]): Graph {
  if (!graph.nodes.some(isSharedBytes)) return graph;
  const nodes = graph.nodes.map((node): Node => {
    if (!isSharedBytes(node)) return node;
    const buffer = shareBuffer(node[1] as SharedArrayBuffer);
    held.push(buffer);
    return ['shared', cellAddress(buffer)];
  });
  return { ...graph, nodes };
}

const isSharedBytes = (node: Node): boolean =>
  node[0] === 'raw' && Object.prototype.toString.call(node[1]) === '[object SharedArrayBuffer]';

/**
 * A value as something that `storeValue` takes without a copy. `name` is what error messages call it. What `transfer` has marked is gone here
 * afterwards.
 * @throws CaptureError, DataCloneError when it cannot travel.
 */
export function pack(value: unknown, name: string): unknown {
  const moved = takeMarked(value);
  const packed = packCopy(value, name);
  detach(moved);
  return packed;
}

/**
 * As `pack`, of what was thrown: what cannot travel in it is left out, and what was marked stays.
 * @throws CaptureError when nothing of it can travel.
 */
export function packThrown(value: unknown, name: string): unknown {
  return packCopy(value, name, true);
}

/** As `pack`, but what was marked is still there: it may not come to be sent. */
export function packCopy(value: unknown, name: string, thrown = false): unknown {
  if (isPlain(value)) return value;
  // A capture that is cut short would leave this thread's debugger on.
  mask();
  try {
    return packWhole(value, name, thrown);
  } finally {
    unmask();
  }
}

function packWhole(value: unknown, name: string, thrown: boolean): Parcel {
  const captured = captureValue(value, name, thrown);
  return parcelOf({ packet: captured.packet(), handles: captured.handles, transfer: captured.transfer }, name);
}

/** The value of what `pack` has made, by this or another thread; a promise of it when modules must be imported first. */
export function unpack(packed: unknown): unknown {
  if (!(packed instanceof Parcel)) return packed;
  mask();
  try {
    return unpackWhole(packed);
  } finally {
    unmask();
  }
}

function unpackWhole(packed: Parcel): unknown {
  const packet = packetIn(packed);
  const imports = importsOf(packet);
  // Read again: it keeps what it names by address, if its scope has not ended meanwhile.
  if (imports !== undefined) return imports.then(() => unpack(packed));
  const value = rebuildValue(packet);
  hold(packed);
  return value;
}
