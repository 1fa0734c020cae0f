// Entries of maps and elements of arrays.
//
// A lost update: a thread has looked at one and stores another value; in between somebody else has stored one, which it has not seen. Each operation
// is atomic, and yet that store is gone. What is done to a map orders threads, so there are no data races on its entries.
//
// What is done to an element of an array by its index orders nothing: two threads of which one stores, and which nothing orders, are a data race,
// as with a field.
//
// Of an entry the last store is known, its epoch, its place in the program, and a number that no other store has; and the last look of an array's.
// Entries lie in a table by a mixture of container and key, with another mixture beside them: if that differs, the entry is new.

import { ArrayCell, READ, WRITE } from '../../heap/array-cell.js';
import { SharedMap } from '../../heap/map.js';
import { CELL, cellOf } from '../../heap/values.js';
import { H_CYCLE } from '../../memory/layout.js';
import { slot, V } from '../../memory/memory.js';
import { inspect } from '../../platform/process.js';
import { ENTRIES, ENTRY, type Equipment } from '../equipment.js';
import { titleOfCell } from '../held.js';
import { EPOCH, isBefore } from './clocks.js';
import { accessAt, accessHere, NO_SITE, PENDING, settledSite, siteOfAccess, tellRace } from './report.js';

let table: Float64Array = new Float64Array(0);

const WHICH = 0;
const WHEN = 1;
const SITE = 2;
const STORE = 3;
const LOOKED = 4;
const LOOK_SITE = 5;

/** Stores that this thread has looked at, by place; and how many it has made. */
const looked = new Map<number, number>();
const KEPT = 4_096;
let stores = 0;

interface Place {
  readonly at: number;
  readonly which: number;
}

/** Two mixtures of the container and the key: where the entry is, and how it is known from others there. */
function placeOf(container: object, key: unknown): Place {
  const cell = (container as { [CELL](): number })[CELL]();
  const isObject = typeof key === 'object' && key !== null;
  const text = isObject ? `o${cellOf(key)}` : `${typeof key} ${String(key)}`;
  // A cell is another's only after a collection.
  let a = cell + V.I32[H_CYCLE >>> 2]!;
  let b = (cell ^ 0x5bd1e995) + V.I32[H_CYCLE >>> 2]!;
  for (let at = 0; at < text.length; at++) {
    a = Math.imul(a ^ text.charCodeAt(at), 0x01000193);
    b = Math.imul(b + text.charCodeAt(at), 0x85ebca6b) ^ (b >>> 13);
  }
  return { at: ((a ^ (a >>> 15)) & (ENTRIES - 1)) * ENTRY, which: (b >>> 0) + 1 };
}

/** Stacks are kept of the first accesses, then of one in so many, and of all where something was found. */
const FIRST = 100;
const SELDOM = 63;
const armed = new Set<number>();
let accesses = 0;
const siteFor = (at: number): number =>
  ++accesses <= FIRST || (accesses & SELDOM) === 0 || armed.has(at) ? siteOfAccess() : NO_SITE;

/** What is done to entries of a container. */
interface Kind {
  /** Whether its operations order nothing. */
  readonly races: boolean;
  describe(container: object, key: unknown): string;
}

function look(container: object, key: unknown, { races, describe }: Kind): void {
  const { at, which } = placeOf(container, key);
  const known = table[at + WHICH] === which;
  if (looked.size >= KEPT) looked.clear();
  looked.set(at, known ? table[at + STORE]! : 0);
  if (!races) return;
  if (!known) forget(at, which);
  else if (!isBefore(table[at + WHEN]!)) {
    tellDataRace(at, 'read', 'write', () => describe(container, key), table[at + WHEN]!, siteAt(at + SITE));
  }
  if (table[at + LOOKED] === EPOCH[0]) return;
  const stored = table[at + WHEN]!;
  table[at + LOOK_SITE] = PENDING;
  table[at + LOOKED] = EPOCH[0]!;
  table[at + LOOK_SITE] = siteFor(at);
  // As with fields: what has come since.
  const since = table[at + WHEN]!;
  if (since !== stored && !isBefore(since)) {
    tellDataRace(at, 'read', 'write', () => describe(container, key), since, siteAt(at + SITE));
  }
}

const siteAt = (at: number): number => settledSite(() => table[at]!);

function forget(at: number, which: number): void {
  table.fill(0, at, at + ENTRY);
  table[at + WHICH] = which;
}

function tellDataRace(
  at: number,
  what: string,
  previous: string,
  describe: () => string,
  epoch: number,
  site: number,
): void {
  armed.add(at);
  tellRace({
    kind: 'data race',
    of: describe(),
    object: '',
    access: accessHere(what),
    previous: accessAt(previous, epoch, site),
  });
}

function store(container: object, key: unknown, { races, describe }: Kind): void {
  const { at, which } = placeOf(container, key);
  if (table[at + WHICH] !== which) forget(at, which);
  const seen = looked.get(at);
  const epoch = table[at + WHEN]!;
  if (!isBefore(epoch) && seen !== undefined && seen !== table[at + STORE]) {
    armed.add(at);
    tellRace({
      kind: 'lost update',
      of: describe(container, key),
      object: '',
      access: accessHere("set, of what it had looked at before the other's,"),
      previous: accessAt('set that is lost', epoch, siteAt(at + SITE)),
    });
  } else if (races && !isBefore(epoch)) {
    tellDataRace(at, 'write', 'write', () => describe(container, key), epoch, siteAt(at + SITE));
  } else if (races && !isBefore(table[at + LOOKED]!)) {
    tellDataRace(at, 'write', 'read', () => describe(container, key), table[at + LOOKED]!, siteAt(at + LOOK_SITE));
  }
  const own = (slot + 1) * 2 ** 32 + ++stores;
  const read = table[at + LOOKED]!;
  table[at + SITE] = PENDING;
  table[at + WHEN] = EPOCH[0]!;
  table[at + STORE] = own;
  const site = siteFor(at);
  // What comes without another look is meant to be, whatever is there.
  looked.delete(at);
  if (table[at + STORE] === own) {
    table[at + SITE] = site;
  } else if (seen !== undefined && table[at + WHICH] === which && !isBefore(table[at + WHEN]!)) {
    // Somebody else has been here between the look at what is there and now.
    armed.add(at);
    tellRace({
      kind: 'lost update',
      of: describe(container, key),
      object: '',
      access: accessHere('set that is lost'),
      previous: accessAt("set, of what it had looked at before the other's,", table[at + WHEN]!, siteAt(at + SITE)),
    });
  }
  const since = table[at + LOOKED]!;
  if (races && since !== read && !isBefore(since)) {
    tellDataRace(at, 'write', 'read', () => describe(container, key), since, siteAt(at + LOOK_SITE));
  }
}

const title = (container: object): string => titleOfCell((container as { [CELL](): number })[CELL]() * 4);
const ENTRY_OF_MAP: Kind = { races: false, describe: (map, key) => `key ${inspect(key)} of ${title(map)}` };
const ELEMENT: Kind = { races: true, describe: (array, index) => `element ${String(index)} of ${title(array)}` };

export function watchStores({ shadow }: Equipment): void {
  table = new Float64Array(shadow!.entries);
  const { get, has, set } = SharedMap.prototype;
  const prototype = SharedMap.prototype as unknown as Record<string, (...given: unknown[]) => unknown>;
  prototype['get'] = function (this: SharedMap, key: unknown) {
    look(this, key, ENTRY_OF_MAP);
    return get.call(this, key);
  };
  prototype['has'] = function (this: SharedMap, key: unknown) {
    look(this, key, ENTRY_OF_MAP);
    return has.call(this, key);
  };
  prototype['set'] = function (this: SharedMap, key: unknown, value: unknown) {
    store(this, key, ENTRY_OF_MAP);
    return set.call(this, key as never, value as never);
  };
  const read = ArrayCell.prototype[READ];
  const write = ArrayCell.prototype[WRITE];
  ArrayCell.prototype[READ] = function (index) {
    look(this, index, ELEMENT);
    return read.call(this, index);
  };
  ArrayCell.prototype[WRITE] = function (index, value) {
    store(this, index, ELEMENT);
    return write.call(this, index, value);
  };
}
