// What a graph takes along besides its nodes.
import { type Gift, wrapGift } from '../../heap/buffer.js';
import type { CodeRecord, MapRecord } from '../graph.js';
import { mapRecord } from '../text/maps.js';
import type { Path } from '../values/paths.js';

/** What goes away from this thread, and how it was reached. */
export interface NamedGift extends Gift {
  readonly path: Path;
}

export class Luggage {
  readonly codes = new Map<string, CodeRecord>();
  readonly maps = new Map<string, MapRecord>();
  readonly bytes: Uint8Array[] = [];
  /** Addresses of the shared objects that it names. */
  readonly handles: number[] = [];
  readonly gifts: NamedGift[] = [];
  /** Whether objects may go away with it: with a call, which somebody will make. */
  readonly gives: boolean;

  constructor(gives: boolean) {
    this.gives = gives;
  }

  /** It takes nothing along. */
  unpack(): void {
    for (const list of [this.bytes, this.handles, this.gifts]) list.length = 0;
    this.codes.clear();
    this.maps.clear();
  }

  /** The receiver will need this code, unless it has it. */
  need(record: CodeRecord): void {
    this.codes.set(record.id, record);
    const map = mapRecord(record.map);
    if (map) this.maps.set(map.id, map);
  }

  /** A copy of these bytes goes along; its place among the others. */
  attach(bytes: Uint8Array): number {
    return this.bytes.push(bytes) - 1;
  }

  /** The object goes away from this thread; the address of its cell. */
  give(object: object, path: Path): number {
    const gift = { ...wrapGift(object), path };
    this.gifts.push(gift);
    this.handles.push(gift.address);
    return gift.address;
  }
}
