// What the tools share that are on from the start of the process: made by the main thread, and given to each new one with its seat. Most of it is
// address space only: what is touched is used.

import { equipment } from '../memory/memory.js';

/** Words of the heap that are watched for races: 256 MiB. */
export const WATCHED_WORDS = 2 ** 26;
/** Threads that the clocks of races tell apart. */
export const CLOCKS = 128;
/** Clocks of locks and the like; those that have the same place by chance are one. */
export const PLACES_OF_CLOCKS = 2 ** 16;
const TEXTS = 2 ** 24;

export interface Equipment {
  /** What was asked for, by variable. */
  readonly asked: Readonly<Record<string, string>>;
  /** Texts that all threads read: stacks, names, reports (texts.ts). */
  readonly texts: SharedArrayBuffer;
  readonly shadow: Shadow | undefined;
  /** Address of the words of the places' locks (races/clocks.ts). */
  readonly locks: number;
  /** Numbers of the texts of what is not told. */
  readonly ignored: SharedArrayBuffer;
  /** And of what was told. */
  readonly told: SharedArrayBuffer;
  /** Of traces: events of each thread (trace/ring.ts). */
  readonly rings: SharedArrayBuffer | undefined;
  /** Where objects were made (places.ts). */
  readonly places: SharedArrayBuffer;
  /** Of the order of locks (order.ts). */
  readonly edges: SharedArrayBuffer;
}

/** Of races: what was done last to each word, and where. */
export interface Shadow {
  readonly writes: SharedArrayBuffer;
  readonly reads: SharedArrayBuffer;
  readonly otherReads: SharedArrayBuffer;
  readonly writeSites: SharedArrayBuffer;
  readonly readSites: SharedArrayBuffer;
  readonly otherReadSites: SharedArrayBuffer;
  /** By word of a cell's header: where it was made. */
  readonly origins: SharedArrayBuffer;
  readonly clocks: SharedArrayBuffer;
  /** By thread's number: its own clock, and the text of what it is. */
  readonly own: SharedArrayBuffer;
  readonly entries: SharedArrayBuffer;
}

/** Entries of containers that are watched: those that have the same place by chance displace each other. */
export const ENTRIES = 2 ** 18;
/** Numbers that an entry has: {what it is, epoch of the last store, its site, its number, epoch of the last look, its site}. */
export const ENTRY = 6;

/** Names of races that can be ignored. */
export const MOST_IGNORED = 1024;
/** Reports beside which others would not be read. */
export const MOST_TOLD = 64;

/** Objects of which is known where they were made. */
export const MOST_PLACES = 2 ** 16;

/** Threads that are traced apart, and the events of each that are kept. */
export const RINGS = 64;
export const EVENTS = 2 ** 15;

/** Pairs of locks that were acquired one inside the other, and words of each. */
export const EDGES = 2 ** 14;
export const EDGE = 4;

const numbers = (count: number): SharedArrayBuffer => new SharedArrayBuffer(count * 8);
const words = (count: number): SharedArrayBuffer => new SharedArrayBuffer(count * 4);

export function makeEquipment(asked: Readonly<Record<string, string>>, locks: number): Equipment {
  const made: Equipment = {
    asked,
    locks,
    ignored: words(MOST_IGNORED),
    told: words(MOST_TOLD),
    rings: asked['HEDDLE_TRACE'] === undefined ? undefined : numbers(RINGS + RINGS * EVENTS * 5),
    places: words(MOST_PLACES * 2),
    edges: words(EDGES * EDGE),
    texts: new SharedArrayBuffer(TEXTS),
    shadow:
      asked['HEDDLE_RACES'] === undefined
        ? undefined
        : {
            writes: numbers(WATCHED_WORDS),
            reads: numbers(WATCHED_WORDS),
            otherReads: numbers(WATCHED_WORDS),
            writeSites: words(WATCHED_WORDS),
            readSites: words(WATCHED_WORDS),
            otherReadSites: words(WATCHED_WORDS),
            origins: words(WATCHED_WORDS),
            clocks: numbers(PLACES_OF_CLOCKS * CLOCKS),
            own: numbers(CLOCKS * 2),
            entries: numbers(ENTRIES * ENTRY),
          },
  };
  equipment.of = made;
  return made;
}

export const equipped = (): Equipment | undefined => equipment.of as Equipment | undefined;
