// Where locks, queues and the like were made: known while a tool is on, since it takes a look at the stack for each.
//
// {address of the cell, number of the text} by a mixture of the address; those that have one place by chance displace each other.

import { V } from '../memory/memory.js';
import { callSite, here } from '../runtime/report.js';
import { nameOfKind } from '../sync/kinds.js';
import { noteOriginsBy } from '../sync/titles.js';
import { equipped, MOST_PLACES } from './equipment.js';
import { numberOf, textOf } from './texts.js';

/** Kinds of cells that reports speak of. */
const SPOKEN = new Set(['lock', 'rlock', 'event', 'semaphore', 'condition', 'barrier', 'RWLock', 'queue', 'executor']);

const placeOf = (cell: number): number => ((Math.imul(cell >>> 4, 0x9e3779b1) >>> 12) & (MOST_PLACES - 1)) * 2;

/** From now on this thread keeps where it makes such objects. */
export function notePlaces(): void {
  const places = new Int32Array(equipped()!.places);
  noteOriginsBy({
    made(cell) {
      if (!SPOKEN.has(nameOfKind(V.I32[cell >>> 2]!))) return;
      places[placeOf(cell)] = cell;
      places[placeOf(cell) + 1] = numberOf(callSite(here()));
    },
    placeOf: (cell) => (places[placeOf(cell)] === (cell | 0) ? textOf(places[placeOf(cell) + 1]!) : ''),
  });
}
