// What is told of a race: on standard error, as a text or as JSON, once for each pair of places.

import { atomic } from '../../memory/atomics.js';
import { H_IGNORED, H_RACES } from '../../memory/layout.js';
import { print } from '../../runtime/console.js';
import { equipped, MOST_IGNORED, MOST_TOLD } from '../equipment.js';
import { heldText } from '../held.js';
import { raw } from '../raw.js';
import { siteHere } from '../sites.js';
import { numberOf, textOf } from '../texts.js';
import { EPOCH, textOfThread, threadOf } from './clocks.js';

/** One of the two. */
export interface Access {
  /** "write", "read", "set". */
  readonly what: string;
  /** Which thread: "thread 'worker' (2), which runs …". */
  readonly thread: string;
  /** Frames of the program; empty = they were not kept. */
  readonly frames: readonly string[];
}

/** A data race, or an update that was lost. */
export interface Race {
  readonly kind: 'data race' | 'lost update';
  /** Of what: "Account.balance", "key 'n' of map 'counts'". */
  readonly of: string;
  /** In which object, and where that was made: "record 0xd88030, made at …". */
  readonly object: string;
  readonly access: Access;
  readonly previous: Access;
}

const told = new Set<string>();
const listeners = new Set<(race: Race) => void>();

/** Races of these, such as 'Account.visits', are meant to be: they are not told. Names are as reports have them. */
export function ignore(...names: readonly string[]): void {
  for (const name of names) {
    if (typeof name !== 'string') {
      throw new TypeError(`races.ignore() takes names as in reports, such as 'Account.visits', not ${String(name)}`);
    }
    if (!isOn() || isIgnored(name)) continue;
    const at = raw.add(H_IGNORED, 1);
    if (at >= MOST_IGNORED) throw new RangeError(`races.ignore() takes ${MOST_IGNORED} names at most`);
    new Int32Array(equipped()!.ignored)[at] = numberOf(name);
  }
}

/** Calls `listener` for each race that this thread finds from now on; what it returns ends that. */
export function onRace(listener: (race: Race) => void): () => void {
  if (typeof listener !== 'function') throw new TypeError(`onRace() takes a function, not ${String(listener)}`);
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** Whether races are looked for, and how many were told in the whole process. */
export const isOn = (): boolean => equipped()?.shadow !== undefined;
export const found = (): number => atomic.load(H_RACES);

const framesOf = (site: number): string[] =>
  textOf(site)
    .split('\n')
    .slice(1)
    .filter((line) => line !== '');

/** The site of an access whose stack was not kept. */
export const NO_SITE = 0;

/** Of an access whose stack is about to be taken; and how long that is waited for, in milliseconds. The null page never changes. */
export const PENDING = -1;
const NAP = 0.1;
const MOST_NAPS = 50;

/** The site of an access, once it is there. */
export function settledSite(look: () => number): number {
  for (let naps = 0; look() === PENDING && naps < MOST_NAPS; naps++) raw.wait(0, 0, NAP);
  return Math.max(NO_SITE, look());
}

/** Where something was done: the locks that were held then, and the frames. */
export const siteOfAccess = (): number => siteHere(heldText());

/** An access at an epoch, whose site was kept. */
export const accessAt = (what: string, epoch: number, site: number): Access => ({
  what,
  thread: `${textOf(textOfThread(threadOf(epoch)))}${textOf(site).split('\n', 1)[0]}`,
  frames: framesOf(site),
});

/** The one that is about to be. */
export const accessHere = (what: string): Access => accessAt(what, EPOCH[0]!, siteOfAccess());

export function isIgnored(of: string): boolean {
  const count = raw.load(H_IGNORED);
  if (count === 0) return false;
  const numbers = new Int32Array(equipped()!.ignored, 0, Math.min(count, MOST_IGNORED));
  return numbers.some((number) => textOf(number) === of);
}

/** What any thread has told, in short: its name, and in a second line the places. */
function toldTexts(): string[] {
  const numbers = new Int32Array(equipped()!.told, 0, Math.min(raw.load(H_RACES), MOST_TOLD));
  return Array.from(numbers, textOf);
}

/** Whether a race on this was told. */
export const wasTold = (of: string): boolean => toldTexts().some((key) => key.startsWith(`${of}\n`));

/** The line of the program, without the column: what is on one line is told once. */
const lineOf = ({ frames }: Access): string => (frames[0] ?? '').replace(/:\d+\)?$/, '');

/** Tells it, unless that was done. */
export function tellRace(race: Race): void {
  if (isIgnored(race.of)) return;
  const key = `${race.of}\n${race.kind} ${[lineOf(race.access), lineOf(race.previous)].sort().join(' ')}`;
  if (told.has(key)) return;
  told.add(key);
  if (toldTexts().includes(key)) return;
  const at = raw.add(H_RACES, 1);
  if (at < MOST_TOLD) new Int32Array(equipped()!.told)[at] = numberOf(key);
  else if (at > MOST_TOLD) return;
  for (const listener of listeners) listener(race);
  const json = /\bjson\b/.test(equipped()?.asked['HEDDLE_RACES'] ?? '');
  print(2, json ? `${JSON.stringify({ heddle: 'race', ...race })}\n` : textOfRace(race));
}

const RULE = '==================';

function textOfRace({ kind, of, object, access, previous }: Race): string {
  const lines = [
    RULE,
    `WARNING: ${kind.toUpperCase()} on ${of}${object === '' ? '' : ` (${object})`}`,
    `  ${access.what} by ${access.thread}:`,
    ...indented(access.frames),
    `  ${kind === 'data race' ? 'previous ' : ''}${previous.what} by ${previous.thread}:`,
    ...indented(previous.frames),
    RULE,
  ];
  return `${lines.join('\n')}\n`;
}

const indented = (frames: readonly string[]): string[] =>
  frames.length === 0 ? ['    (its stack was not kept)'] : frames.map((frame) => `  ${frame}`);
