// Failed futures that nobody looks at. A thread that looks at a future notes this in the future's cell (state.ts). If a future fails and nobody has
// looked at it, its error is put into a shared map, under the future's number. A later look removes it. When the future is collected, or at the
// end of the process, the main thread prints the errors that are left.
//
//   fails it      entry, then FAILED, then: LOOKED? then no entry
//   looks at it   LOOKED, then: FAILED? then no entry          whichever comes first, one of the two sees the other
//
// The entry does not hold the future. The main thread knows where its own futures were submitted. Other threads write the place into the cell, as
// text.

import { SharedArray } from '../heap/array.js';
import { MemoryError } from '../heap/errors.js';
import { k } from '../heap/kernel.js';
import { SharedMap } from '../heap/map.js';
import { GLOBALS, hasMapRoot, mapRoot } from '../heap/roots.js';
import { atomic } from '../memory/atomics.js';
import { slot } from '../memory/memory.js';
import { unpack } from '../parcel/parcel.js';
import { isError } from '../platform/kinds.js';
import { report } from '../runtime/report.js';
import { isExit } from '../sync/errors.js';
import { addSite, framesOf, type Site } from './site.js';
import { FAILED, isLookedAt, isOver, numberOf, STATE, setNumber } from './state.js';

/** No name of the program's can be this: theirs begin with "=" in the map (src/data/globals.ts). */
const KEY = '\u0000unseen failures';

type Entry = SharedArray<unknown>;

let known: SharedMap<number, Entry> | undefined;

/** Undefined if there never was an entry: the heap may be full when somebody asks. */
function entries(): SharedMap<number, Entry> | undefined {
  if (known === undefined && hasMapRoot(GLOBALS))
    known = mapRoot(GLOBALS).get(KEY) as SharedMap<number, Entry> | undefined;
  return known;
}

let last = 0;
/** Numbers are this thread's slot and a count: so many bits has the slot. */
const SLOT_BITS = 13;

/** A number that no other future has that is about as old. */
const nextNumber = (): number => ((++last << SLOT_BITS) | slot) & (2 ** 30 - 1);

/** Where this thread's futures were submitted, by their numbers; the main thread's only. */
const sites = new Map<number, { readonly site: Site; readonly word: number }>();
/** So many are kept before it is looked which of them are of no use any more. */
let enough = 1024;

/** A future is submitted that has the state `word`. Gives the text of the place, for threads whose places nobody else could know. */
export function noteSubmission(word: number, site: Site): string | undefined {
  if (slot !== 0) return site.stack;
  const number = nextNumber();
  setNumber(word, number);
  sites.set(number, { site, word });
  if (sites.size > enough) {
    for (const [number, { word }] of sites) if (!isWanted(word, number)) sites.delete(number);
    enough = Math.max(1024, sites.size * 2);
  }
  return undefined;
}

/** Whether the future may still fail with nobody looking, or has. */
function isWanted(word: number, number: number): boolean {
  const state = atomic.load(word);
  return numberOf(word) === number && !isLookedAt(word) && (state === FAILED || !isOver(state));
}

/** The outcome of a future is there, or somebody has looked: where it was submitted is of no use any more. */
export function forgetSubmission(word: number): void {
  sites.delete(numberOf(word));
}

/** A future is about to fail, with an outcome as `pack` gives it. */
export function noteFailure(word: number, packed: unknown, site: string | undefined): void {
  if (isLookedAt(word)) return;
  if (numberOf(word) === 0) setNumber(word, nextNumber());
  try {
    known ??= mapRoot(GLOBALS).getOrInsert(KEY, new SharedMap()) as SharedMap<number, Entry>;
    const entry = new SharedArray<unknown>();
    entry.push(word, packed, site);
    known.set(numberOf(word), entry);
  } catch (error) {
    // There is no room to say so. Whoever looks finds the error all the same.
    if (!(error instanceof MemoryError)) throw error;
  }
}

/** It has failed. */
export function afterFailure(word: number): void {
  if (isLookedAt(word)) forgetFailure(word);
}

/** Somebody looks at it, and has said so. */
export function forgetFailure(word: number): void {
  entries()?.delete(numberOf(word));
}

/** Whether the future is still there whose state the word was. */
const isThere = (word: number, number: number): boolean =>
  numberOf(word) === number && k.isAllocated(word - STATE) !== 0;

/** Prints those that are collected, or all. In the main thread: also what others have submitted is told there. */
export function tellUnseen(all: boolean): void {
  const told = new Map<string, { readonly error: unknown; readonly place: string; times: number }>();
  for (const { error, site } of take(all)) {
    addSite(error, site);
    // What is no error has no stack that it could be added to.
    const place = isError(error) ? '' : placeOf(site);
    const key = isError(error) ? String(error.stack) : `${typeof error}${place}`;
    const same = told.get(key);
    if (same === undefined) told.set(key, { error, place, times: 1 });
    else same.times++;
  }
  for (const { error, place, times } of told.values())
    report(`${times === 1 ? ONE : `${times} ${SEVERAL}`}${place}`, error);
}

/** "\n    --- submitted from ---\n    at …" */
function placeOf(site: Site | undefined): string {
  const frames = framesOf(site);
  return frames === '' ? '' : `\n    --- submitted from ---\n${frames}`;
}

const ONE = 'A future has failed, and nobody has looked at it:';
const SEVERAL = 'futures have failed in the same way, and nobody has looked at them:';

function* take(all: boolean): Generator<{ readonly error: unknown; readonly site: Site | undefined }> {
  const found = entries();
  if (found === undefined || found.size === 0) return;
  for (const number of [...found.keys()]) {
    const entry = found.get(number);
    if (entry === undefined) continue;
    const [word, packed, text] = entry.toArray() as [number, unknown, string | undefined];
    const there = isThere(word, number);
    const looked = there && isLookedAt(word);
    if (there && !looked && !all) continue;
    found.delete(number);
    const site = sites.get(number)?.site ?? (text === undefined ? undefined : { stack: text });
    sites.delete(number);
    const error = looked ? undefined : errorIn(packed);
    if (!looked && !isExit(error)) yield { error, site };
  }
}

function errorIn(packed: unknown): unknown {
  try {
    const error = unpack(packed);
    if (!(error instanceof Promise)) return error;
    error.catch(() => {});
    return new Error('an error of a class whose module this thread has not imported');
  } catch (problem) {
    return problem;
  }
}
