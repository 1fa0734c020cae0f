// An item of a priority queue whose key is no number: {header, key, item}. The kernel compares the keys, and knows where they are.

import {
  addressOf,
  defineSyncClass,
  KEYED,
  loadValue,
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
  constructor() {
    super(HEADER);
  }

  get item(): unknown {
    return loadValue(ownAddress(this, KEYED) + ITEM);
  }

  get key(): unknown {
    return loadValue(ownAddress(this, KEYED) + KEY);
  }
}

defineSyncClass(KEYED, Keyed);

/** `item` is a value that the heap holds as it is. */
export function keyed(key: string | bigint, item: unknown): Keyed {
  const made = new Keyed();
  storeValue(addressOf(made) + KEY, key, 'a priority');
  storeValue(addressOf(made) + ITEM, item, 'an item');
  return made;
}
