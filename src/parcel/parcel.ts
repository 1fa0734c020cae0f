// Values on their way through the shared heap: what a thread or a task is called with, what a future brings, what a queue holds, what an
// error was. There is one road, and this is the middle of it:
//
//   value ─ captureValue, captureCall ─▶ graph ─ parcelOf ─▶ bytes in a cell ─ packetIn ─▶ packet ─ rebuild ─▶ value
//           src/closure/out/capture.ts             this file and bytes.ts                    src/closure/in/rebuild.ts
//
// What the heap holds by itself needs no parcel: primitives, shared objects, locks.
//
// Cell {header, bytes, held}: `held` lists what the bytes name by its address, shared objects and other parcels, so that it lives as long.
// The code of a function is a parcel of its own, which all parcels with functions of that text refer to: it is written once, and a thread
// that has read it once knows it.

import type { CodeRecord, Graph, MapRecord, Packet } from '../closure/graph.js';
import { addCode, addMap, codeOf, hasMap, importsOf, rebuild } from '../closure/in/rebuild.js';
import { type Captured, captureValue } from '../closure/out/capture.js';
import { detach, takeMarked } from '../closure/transfer.js';
import { allocateFresh } from '../heap/allocate.js';
import { adoptCell } from '../heap/inflight.js';
import { K_WORDS, SMALL_MAX } from '../heap/types.js';
import { cellOf, hold, storeWord } from '../heap/values.js';
import { V } from '../memory/memory.js';
import { addressOf, PARCEL, SyncCell, syncHeader } from '../sync/cell.js';
import { mask, unmask } from '../sync/safepoint.js';
import { allocateBytes, type Content, readBytes } from './bytes.js';

const HEADER = syncHeader(PARCEL, 0, 2);
const BYTES = 4;
const HELD = 8;

/** Never given to programs. */
export class Parcel extends SyncCell {
  constructor() {
    super(HEADER);
  }
}

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

/** A part that many parcels refer to: what identifies it, and where it is. */
type Part = readonly [id: string, address: number];

/** What is cloned of a parcel. */
interface Head {
  readonly kept: number;
  readonly graph: Graph;
  readonly codes: readonly Part[];
  readonly maps: readonly Part[];
}

/**
 * A parcel of what was captured. What is given away with it is not yet: `give`.
 * @throws MemoryError when the heap is full.
 */
export function parcelOf({ kept, graph, codes, maps, bytes, handles }: Captured): Parcel {
  const head: Head = { kept, graph, codes: codes.map(partOf), maps: maps.map(partOf) };
  const parts = [...head.codes, ...head.maps].map(([, address]) => address);
  const parcel = make(head, bytes, [...handles, ...parts]);
  // The records keep the parcels of parts, and until now nothing else does.
  hold(codes);
  hold(maps);
  return parcel;
}

function make(head: unknown, bytes: readonly Uint8Array[], held: readonly number[]): Parcel {
  const parcel = new Parcel();
  const cell = addressOf(parcel) >>> 2;
  if (held.length > 0) storeWord(cell + (HELD >>> 2), allocateList(held) << 2);
  storeWord(cell + (BYTES >>> 2), allocateBytes(head, bytes) << 2);
  return parcel;
}

/** A fresh cell that keeps cells alive, by their addresses. */
function allocateList(addresses: readonly number[]): number {
  const size = 8 + addresses.length * 4;
  const list = allocateFresh(size, K_WORDS, addresses.length);
  for (const [at, address] of addresses.entries()) V.I32[list + 2 + at] = address | 0;
  V.I32[list + 1] = addresses.length;
  if (size <= SMALL_MAX) V.I32[list] = K_WORDS;
  return list;
}

/** The parcels of code and of source maps that this thread has sent or got: as long as it has those. */
const parcels = new WeakMap<CodeRecord | MapRecord, Parcel>();

function partOf(record: CodeRecord | MapRecord): Part {
  let parcel = parcels.get(record);
  if (parcel === undefined) {
    parcel = make(record, [], []);
    parcels.set(record, parcel);
  }
  return [record.id, addressOf(parcel)];
}

/** Reads a part that this thread does not have yet. */
function admit<R extends CodeRecord | MapRecord>([, address]: Part, add: (record: R) => void): R {
  const parcel = adoptCell(address) as Parcel;
  const record = contentOf(parcel).head as R;
  parcels.set(record, parcel);
  add(record);
  return record;
}

function contentOf(parcel: Parcel): Content {
  return readBytes(V.I32[(addressOf(parcel) + BYTES) >>> 2]! >>> 2);
}

/** The packet of a parcel; what it needs of code is there then. */
export function packetIn(parcel: Parcel): Packet {
  const { head, chunks } = contentOf(parcel);
  const { kept, graph, codes, maps } = head as Head;
  for (const part of maps) if (!hasMap(part[0])) admit(part, addMap);
  return { kept, graph, bytes: chunks, codes: codes.map((part) => codeOf(part[0]) ?? admit(part, addCode)) };
}

/** Builds something of a parcel's packet; a promise of it when modules must be imported first. */
export function open<T>(parcel: Parcel, build: (packet: Packet) => T): T | Promise<T> {
  const packet = packetIn(parcel);
  const imports = importsOf(packet);
  // Read again then: the parcel keeps what it names by address, if its scope has not ended meanwhile.
  if (imports !== undefined) return imports.then(() => open(parcel, build));
  const built = build(packet);
  hold(parcel);
  return built;
}

/**
 * A value as something that `storeValue` takes without a copy. `name` is what error messages call it. What `transfer` has marked is gone here
 * afterwards.
 * @throws CaptureError when it cannot travel, MemoryError when there is no room for it.
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
  return isPlain(value) ? value : masked(() => packWhole(value, name, thrown));
}

function packWhole(value: unknown, name: string, thrown: boolean): Parcel {
  const parcel = parcelOf(captureValue(value, name, thrown));
  // The shared objects in it, which the parcel names by address.
  hold(value);
  return parcel;
}

/** The value of what `pack` has made, by this or another thread; a promise of it when modules must be imported first. */
export function unpack(packed: unknown): unknown {
  return packed instanceof Parcel ? masked(() => open(packed, (packet) => rebuild(packet)[0])) : packed;
}

/** A capture that is cut short would leave this thread's debugger on. */
function masked<T>(work: () => T): T {
  mask();
  try {
    return work();
  } finally {
    unmask();
  }
}
