// An item of a priority queue whose key is no number: {header, key, item}. The kernel compares the keys, and knows where they are.

import { Parcel } from '../parcel/parcel.js';
import {
  addressOf,
  discard,
  isGone,
  KEYED,
  loadHeld,
  ownAddress,
  SyncCell,
  storeValue,
  syncHeader,
} from '../sync/cell.js';

const HEADER = syncHeader(KEYED, 0, 2);
const KEY = 4;
const ITEM = 8;

/** Never given to programs. */
export class Keyed extends SyncCell {
  #item: unknown;

  constructor() {
    super(HEADER);
  }

  /** @internal It is known already. */
  static note(holder: Keyed, item: unknown): void {
    holder.#item = item;
  }

  get item(): unknown {
    this.#item ??= loadHeld(ownAddress(this, KEYED) + ITEM);
    return this.#item;
  }

  get key(): unknown {
    return loadHeld(ownAddress(this, KEYED) + KEY);
  }
}

/** Lets go of what an item was in on its way: by the one who has put it, or has got what was in it. */
export function dropWrapping(packed: unknown): void {
  if (packed instanceof Keyed) {
    if (isGone(packed)) return;
    const { item } = packed;
    if (item instanceof Parcel) discard(item);
    discard(packed);
  } else if (packed instanceof Parcel) {
    discard(packed);
  }
}

/** `item` is a value that the heap holds as it is. */
export function keyed(key: string | bigint, item: unknown): Keyed {
  const made = new Keyed();
  storeValue(addressOf(made) + KEY, key, 'a priority');
  storeValue(addressOf(made) + ITEM, item, 'an item');
  Keyed.note(made, item);
  return made;
}
