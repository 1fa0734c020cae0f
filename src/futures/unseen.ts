// Failed futures that nobody looks at. A thread that looks at a future notes this in the future's cell (state.ts). If a future fails and nobody has
// looked at it, its error is put into a shared map, under the future's number. A later look removes it. When the future is collected, or at the
// end of the process, the main thread prints the errors that are left.
//
//   fails it      entry, then FAILED, then: LOOKED? then no entry
//   looks at it   LOOKED, then: FAILED? then no entry          whichever comes first, one of the two sees the other
//
// The entry does not hold the future. The main thread knows where its own futures were submitted (submissions.ts). Other threads write the
// place into the future's cell, as text, when they have had time to look at it: at their next submission, wait or turn of microtasks.
//
//   says it       place into the cell, then: FAILED? then into the entry
//   fails it      FAILED, then: a place in the cell? then into the entry        whichever comes first, one of the two sees the other

import { SharedArray } from '../heap/array.js';
import { MemoryError } from '../heap/errors.js';
import { k } from '../heap/kernel.js';
import { SharedMap } from '../heap/map.js';
import { goneText } from '../heap/plain.js';
import { GLOBALS, hasMapRoot, mapRoot } from '../heap/roots.js';
import { wordOf } from '../heap/values.js';
import { atomic } from '../memory/atomics.js';
import { slot } from '../memory/memory.js';
import { unpack } from '../parcel/parcel.js';
import { isError } from '../platform/kinds.js';
import { report } from '../runtime/report.js';
import { addressOf, isGone, type SyncCell } from '../sync/cell.js';
import { isExit } from '../sync/errors.js';

import { addSite, framesOf, type Site } from './site.js';
import { FAILED, isLookedAt, isOver, numberOf, STATE, setNumber } from './state.js';
import { Submissions } from './submissions.js';

/** No name of the program's can be this: theirs begin with "=" in the map (src/data/globals.ts). */
const KEY = '\u0000unseen failures';

type Entry = SharedArray<unknown>;
/** Where a future was submitted, as text: an array of one, to which many futures may refer. */
export type Place = SharedArray<unknown>;

let known: SharedMap<number, Entry> | undefined;

/** Undefined if there never was an entry: the heap may be full when somebody asks. */
function entries(): SharedMap<number, Entry> | undefined {
  if (known === undefined && hasMapRoot(GLOBALS))
    known = mapRoot(GLOBALS).get(KEY) as SharedMap<number, Entry> | undefined;
  return known;
}

let last = 0;
/** Numbers are this thread's slot and a count: so many bits has the slot, and so many the count. */
const SLOT_BITS = 13;
const COUNT_BITS = 17;

/** A count that is no other's of about the same time, and not 0. */
function nextCount(): number {
  last = (last + 1) & (2 ** COUNT_BITS - 1);
  if (last === 0) last = 1;
  return last;
}

/** A number that no other future has that is about as old. */
const nextNumber = (): number => (nextCount() << SLOT_BITS) | slot;

/** Whether a number is one that the main thread has given. */
const isOfMain = (number: number): boolean => (number & (2 ** SLOT_BITS - 1)) === 0;

/** Where this thread's futures were submitted; the main thread's only. */
const submissions = new Submissions((word, count) => isWanted(word) && numberOf(word) === count << SLOT_BITS);

/** Whether a future may still fail with nobody looking, or has. */
function isWanted(word: number): boolean {
  const state = atomic.load(word);
  return !isLookedAt(word) && (state === FAILED || !isOver(state));
}

/** This thread has submitted a future, at `site`, which is to be written to the byte address `at` if it is not kept here. */
export function noteSubmission(future: SyncCell, at: number, site: Site): void {
  const word = addressOf(future) + STATE;
  if (slot === 0) {
    const count = nextCount();
    setNumber(word, count << SLOT_BITS);
    submissions.set(count, word, site);
    return;
  }
  saySubmission();
  unsaid = { future, at, site };
  if (isToSay) return;
  isToSay = true;
  Promise.resolve().then(() => {
    isToSay = false;
    saySubmission();
  });
}

/** A future of this thread's, not the main one, of which it is not known elsewhere where it was submitted. */
let unsaid: { readonly future: SyncCell; readonly at: number; readonly site: Site } | undefined;
/** Whether a microtask will say it. */
let isToSay = false;

/**
 * Where this thread has submitted the last future is said, unless that is of no interest any more: the text takes longer than the rest of a
 * submission. Called also before the thread waits.
 */
export function saySubmission(): void {
  if (unsaid === undefined) return;
  const { future, at, site } = unsaid;
  unsaid = undefined;
  if (isGone(future)) return;
  const word = addressOf(future) + STATE;
  if (!isWanted(word) || site.stack === undefined) return;
  try {
    // It may have gone with a scope.
    if (site.place === undefined || goneText(site.place) !== undefined) site.place = SharedArray.of(site.stack);
  } catch (error) {
    // There is no room to say so.
    if (error instanceof MemoryError) return;
    throw error;
  }
  // Before the state is read, which a plain store may not be.
  atomic.store(at, wordOf(site.place, ''));
  if (atomic.load(word) === FAILED) addPlace(word, site.place);
}

/** The outcome of a future is there, or somebody has looked: where it was submitted is of no use any more. */
export function forgetSubmission(word: number): void {
  if (slot === 0) takeSite(numberOf(word));
}

/** A future is about to fail, with an outcome as `pack` gives it. */
export function noteFailure(word: number, packed: unknown, place: Place | undefined): void {
  if (isLookedAt(word)) return;
  if (numberOf(word) === 0) setNumber(word, nextNumber());
  try {
    known ??= mapRoot(GLOBALS).getOrInsert(KEY, new SharedMap()) as SharedMap<number, Entry>;
    const entry = new SharedArray<unknown>();
    entry.push(word, packed, place);
    known.set(numberOf(word), entry);
  } catch (error) {
    // There is no room to say so. A thread that looks finds the error all the same.
    if (!(error instanceof MemoryError)) throw error;
  }
}

/** It has failed. `place` is what its cell says by now of where it was submitted. */
export function afterFailure(word: number, place: Place | undefined): void {
  if (isLookedAt(word)) forgetFailure(word);
  else if (place !== undefined) addPlace(word, place);
}

function addPlace(word: number, place: Place): void {
  entries()?.get(numberOf(word))?.set(2, place);
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
    const [word, packed, place] = [...entry] as [number, unknown, Place | undefined];
    const there = isThere(word, number);
    const looked = there && isLookedAt(word);
    if (there && !looked && !all) continue;
    found.delete(number);
    const site = takeSite(number) ?? (place && { stack: [...place][0] as string });
    const error = looked ? undefined : errorIn(packed);
    if (!looked && !isExit(error)) yield { error, site };
  }
}

/** Where the main thread, which this is, has submitted what has a number. */
function takeSite(number: number): Site | undefined {
  return isOfMain(number) ? submissions.take(number >>> SLOT_BITS) : undefined;
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
