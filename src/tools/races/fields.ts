// Accesses to the fields of records. Of each word the shadow knows who has written it last, and two that have read it since: an access that is not
// ordered with one of these, and one of the two is a write, is a race.
//
// An accessor calls us only where this thread has not done the same since it was last ordered with others: see `additions`.

import { SIZES } from '../../heap/allocate.js';
import { type Additions, addToAccessors } from '../../heap/record-class.js';
import { K_RECORD, KIND_MASK } from '../../heap/types.js';
import { CELL } from '../../heap/values.js';
import { cellAt } from '../../heap/whereabouts.js';
import { V } from '../../memory/memory.js';
import { type Equipment, type Shadow, WATCHED_WORDS } from '../equipment.js';
import { siteHere } from '../sites.js';
import { textOf } from '../texts.js';
import { EPOCH, isBefore } from './clocks.js';
import {
  accessAt,
  accessHere,
  isIgnored,
  NO_SITE,
  PENDING,
  type Race,
  settledSite,
  siteOfAccess,
  tellRace,
  wasTold,
} from './report.js';

let W: Float64Array = new Float64Array(0);
let R: Float64Array = new Float64Array(0);
let R2: Float64Array = new Float64Array(0);
let SW: Int32Array = new Int32Array(0);
let SR: Int32Array = new Int32Array(0);
let SR2: Int32Array = new Int32Array(0);
let origins: Int32Array = new Int32Array(0);

/** What fields are called, by number. */
const names: string[] = [];

/** Stacks are kept of the first accesses of each kind to a field, then of one in so many, and of all where a race was seen. */
const FIRST = 8;
const SELDOM = 127;
const counts: number[] = [];
/** Words where a race was seen whose other side's stack was not kept. */
const armed = new Set<number>();

function siteFor(index: number, access: number): number {
  const count = (counts[access] ?? 0) + 1;
  counts[access] = count;
  return count <= FIRST || (count & SELDOM) === 0 || armed.has(index) ? siteOfAccess() : NO_SITE;
}

// Two threads may come at once: then each has looked before the other has written. So what was written is looked at once more, after the stack was
// taken, which takes far longer than it takes to write: one of the two finds the other.

function read(index: number, field: number): void {
  if (index >= WATCHED_WORDS) return;
  const write = W[index]!;
  const first = R[index]!;
  const epoch = EPOCH[0]!;
  const isFirst = first === 0 || isBefore(first);
  if (!isFirst && R2[index] === epoch) return;
  const [reads, sites] = isFirst ? [R, SR] : [R2, SR2];
  sites[index] = PENDING;
  reads[index] = epoch;
  if (write !== 0 && !isBefore(write)) race('read', 'write', index, field, write, SW);
  const site = siteFor(index, field * 2);
  if (reads[index] === epoch) sites[index] = site;
  const since = W[index]!;
  if (since !== write && !isBefore(since)) race('read', 'write', index, field, since, SW);
}

function write(index: number, field: number): void {
  if (index >= WATCHED_WORDS) return;
  const before = W[index]!;
  const first = R[index]!;
  const second = R2[index]!;
  const epoch = EPOCH[0]!;
  if (before !== 0 && !isBefore(before)) race('write', 'write', index, field, before, SW);
  if (first !== 0 && !isBefore(first)) race('write', 'read', index, field, first, SR);
  if (second !== 0 && !isBefore(second)) race('write', 'read', index, field, second, SR2);
  SW[index] = PENDING;
  W[index] = epoch;
  const site = siteFor(index, field * 2 + 1);
  const since = W[index]!;
  if (since === epoch) SW[index] = site;
  else if (!isBefore(since)) race('write', 'write', index, field, since, SW);
  for (const [reads, sites, seen] of [
    [R, SR, first],
    [R2, SR2, second],
  ] as const) {
    const now = reads[index]!;
    if (now !== seen && now !== 0 && !isBefore(now)) race('write', 'read', index, field, now, sites);
  }
}

function race(what: string, previous: string, index: number, field: number, epoch: number, sites: Int32Array): void {
  const of = names[field]!;
  if (isIgnored(of)) return;
  const site = settledSite(() => sites[index]!);
  const found: Race = {
    kind: 'data race',
    of,
    object: describeObject(index * 4),
    access: accessHere(what),
    previous: accessAt(previous, epoch, site),
  };
  if (site === NO_SITE && !armed.has(index)) {
    // If it happens again, there is more to say.
    armed.add(index);
    unsaid.set(of, found);
    return;
  }
  unsaid.delete(of);
  tellRace(found);
}

/** Races that were seen once, and without the other's stack. */
const unsaid = new Map<string, Race>();

/** A thread ends: what has not come again is told as it was. */
export function tellUnsaid(): void {
  for (const [of, found] of unsaid) if (!wasTold(of)) tellRace(found);
  unsaid.clear();
}

/** "record 0xd88030, made at /app/main.ts:3:14". */
function describeObject(address: number): string {
  const cell = cellAt(address);
  if (cell === 0) return '';
  const origin = textOf(origins[cell >>> 2] ?? 0)
    .split('\n')[1]
    ?.trim();
  return `record 0x${cell.toString(16)}${origin === undefined ? '' : `, made ${origin}`}`;
}

const made: number[] = [];

/** A new record: nothing was done to it. */
function forget(cell: number, bytes: number): void {
  const end = cell + (bytes >>> 2);
  if (end >= WATCHED_WORDS) return;
  W.fill(0, cell, end);
  R.fill(0, cell, end);
  R2.fill(0, cell, end);
}

/** And it was made here. */
function make(cell: number, bytes: number, kind: number): void {
  forget(cell, bytes);
  if (cell >= WATCHED_WORDS) return;
  const count = (made[kind] ?? 0) + 1;
  made[kind] = count;
  origins[cell] = count <= FIRST || (count & SELDOM) === 0 ? siteHere() : 0;
}

/** Classes that this thread has made: each has its own count of records. */
let classes = 0;

const additions: Additions = {
  scope: {},
  read: (of, field, index) => {
    const id = idOf(of, field);
    return `if (raceReads[${index}] !== raceEpoch[0] && raceWrites[${index}] !== raceEpoch[0]) raceRead(${index}, ${id});`;
  },
  write: (of, field, index) => `if (raceWrites[${index}] !== raceEpoch[0]) raceWrite(${index}, ${idOf(of, field)});`,
  begun: (sizeClass) => `raceBegun(cell, ${SIZES[sizeClass]});`,
  made: (_of, sizeClass) => {
    classes++;
    return `raceMade(cell, ${SIZES[sizeClass]}, ${classes});`;
  },
  filled(record) {
    const cell = (record as { [CELL](): number })[CELL]();
    if (cell >= WATCHED_WORDS || (V.I32[cell]! & KIND_MASK) !== K_RECORD) return;
    const end = cell + (bytesOf(cell * 4) >>> 2);
    W.fill(0, cell, end);
  },
};

function bytesOf(address: number): number {
  for (const size of SIZES) if (cellAt(address + size) !== address) return size;
  return SIZES.at(-1)!;
}

function idOf(of: string, field: string): number {
  const name = of === 'Object' ? field : `${of}.${field}`;
  const known = names.indexOf(name);
  return known >= 0 ? known : names.push(name) - 1;
}

export function watchFields({ shadow }: Equipment): void {
  const { writes, reads, otherReads, writeSites, readSites, otherReadSites, origins: made } = shadow as Shadow;
  W = new Float64Array(writes);
  R = new Float64Array(reads);
  R2 = new Float64Array(otherReads);
  SW = new Int32Array(writeSites);
  SR = new Int32Array(readSites);
  SR2 = new Int32Array(otherReadSites);
  origins = new Int32Array(made);
  addToAccessors({
    ...additions,
    scope: {
      raceReads: R,
      raceWrites: W,
      raceEpoch: EPOCH,
      raceRead: read,
      raceWrite: write,
      raceBegun: forget,
      raceMade: make,
    },
  });
}
