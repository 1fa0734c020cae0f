// What locks, queues and the like are called in reports: "lock 'ledger' 0xd88030".
//
// Names are in a map of the heap, by the address of the cell. The header of a cell that has one says so (NAMED): an object that gets the
// cell of one that is gone has a header of its own, and so does not get that name.

import { mapRoot, TITLES } from '../heap/roots.js';
import { NAMED } from '../heap/types.js';
import { V } from '../memory/memory.js';

/** Options of whatever can be named. */
export interface Named {
  /** What reports call it: of deadlocks, of races, of threads that wait. Names need not differ. */
  readonly name?: string | undefined;
}

/** Where objects were made: known while a tool of src/tools/ is on. */
export interface Origins {
  /** Told of each new cell, by its byte address; undefined = nobody is. */
  readonly made: ((cell: number) => void) | undefined;
  /** "/app/main.ts:3:14"; '' = it is not known. */
  placeOf(cell: number): string;
}

const known: { -readonly [K in keyof Origins]: Origins[K] } = { made: undefined, placeOf: () => '' };

/** For fast paths an object that stays the same. */
export const origins: Origins = known;

/** Puts a tool's own in. */
export function noteOriginsBy(how: Origins): void {
  Object.assign(known, how);
}

const KNOWN: readonly string[] = ['name'];

/**
 * The name in a constructor's arguments, where there is nothing else to be told.
 * @throws TypeError for other arguments.
 */
export function nameIn(given: readonly unknown[], what: string): string | undefined {
  if (given.length === 0) return undefined;
  const [options] = given;
  if (given.length > 1 || typeof options !== 'object' || options === null) {
    throw new TypeError(
      `${what} expected 0 arguments, got ${given.length}: it takes nothing, or options such as { name: 'ledger' }`,
    );
  }
  for (const key of Object.keys(options)) {
    if (!KNOWN.includes(key)) throw new TypeError(`unknown option '${key}': known are ${KNOWN.join(', ')}`);
  }
  return checkName((options as Named).name);
}

/** @throws TypeError for what is no text. */
export function checkName(name: unknown): string | undefined {
  if (name === undefined || typeof name === 'string') return name;
  throw new TypeError(`name must be a string, which reports show, not ${name === null ? 'null' : typeof name}`);
}

/** Names a new cell. Nobody else has seen it. */
export function entitle(cell: number, name: string | undefined): void {
  if (name === undefined || name === '') return;
  mapRoot(TITLES).set(cell, name);
  V.I32[cell >>> 2]! |= NAMED;
}

/** What a cell was named; '' = nothing. */
export function nameOfCell(cell: number): string {
  return (V.I32[cell >>> 2]! & NAMED) === 0 ? '' : String(mapRoot(TITLES).get(cell) ?? '');
}

/** For reports, with what it is before it: " 'ledger' 0xd88030". Then where it was made, if that is known. */
export function titleOf(cell: number): string {
  const name = nameOfCell(cell);
  const place = origins.placeOf(cell);
  return `${name === '' ? '' : `'${name}' `}0x${cell.toString(16)}${place === '' ? '' : `, made at ${place},`}`;
}

/** The same for what an object shows of itself: "at 0xd88030, 'ledger'". */
export function addressText(cell: number): string {
  const name = nameOfCell(cell);
  return `at 0x${cell.toString(16)}${name === '' ? '' : ` '${name}'`}`;
}
