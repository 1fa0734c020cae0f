// Schedules as lists of threads, one for each choice; how they are written, made shorter, and gone through one after another.

import { letterOf, numberOf } from './story.js';

/** A choice that was made. */
export interface Choice {
  readonly chosen: number;
  /** Who could have run, as a mask. */
  readonly mask: number;
  /** Who ran before and could have gone on; -1 = nobody. */
  readonly current: number;
}

/** "A3B2A1": A runs for three steps, then B for two, then A. */
export function write(schedule: readonly number[]): string {
  return runsOf(schedule)
    .map(({ thread, length }) => `${letterOf(thread)}${length}`)
    .join('');
}

/** @throws TypeError, SyntaxError for what `write` has not written. */
export function read(text: unknown): number[] {
  if (typeof text !== 'string') throw new TypeError(`replay must be a string from a report, not ${typeof text}`);
  const parts = text.match(/[A-Za-f]\d+/g) ?? [];
  if (parts.join('') !== text) {
    throw new SyntaxError(`replay must be a string from a report, such as "A3B2A1", not ${JSON.stringify(text)}`);
  }
  return parts.flatMap((part) => new Array<number>(Number(part.slice(1))).fill(numberOf(part[0]!)));
}

interface Run {
  readonly thread: number;
  readonly length: number;
}

function runsOf(schedule: readonly number[]): Run[] {
  const runs: { thread: number; length: number }[] = [];
  for (const thread of schedule) {
    const last = runs.at(-1);
    if (last?.thread === thread) last.length++;
    else runs.push({ thread, length: 1 });
  }
  return runs;
}

const scheduleOf = (runs: readonly Run[]): number[] =>
  runs.flatMap(({ thread, length }) => new Array<number>(length).fill(thread));

const canGoOn = ({ mask, current }: Choice): boolean => current >= 0 && ((mask >>> current) & 1) === 1;

/** How often a thread was made to stop that could have gone on. */
export const preemptionsIn = (choices: readonly Choice[]): number =>
  choices.filter((choice) => canGoOn(choice) && choice.chosen !== choice.current).length;

/**
 * The next schedule, depth first, of those with so many preemptions at most; undefined = that were all. `choices` are those of the last one.
 */
export function next(choices: readonly Choice[], preemptions: number): number[] | undefined {
  const before: number[] = [0];
  for (const choice of choices) before.push(before.at(-1)! + preemptionsIn([choice]));
  for (let at = choices.length - 1; at >= 0; at--) {
    const choice = choices[at]!;
    const options = canGoOn(choice) ? [choice.current] : [];
    for (let thread = 0; thread < 31; thread++) {
      if (((choice.mask >>> thread) & 1) === 1 && !options.includes(thread)) options.push(thread);
    }
    for (const option of options.slice(options.indexOf(choice.chosen) + 1)) {
      if (before[at]! + preemptionsIn([{ ...choice, chosen: option }]) > preemptions) continue;
      return [...choices.slice(0, at).map(({ chosen }) => chosen), option];
    }
  }
  return undefined;
}

/** Runs of a failing schedule that are tried to be left out, at most. */
const TRIES = 200;

/**
 * A failing schedule with fewer changes from one thread to another. `fails` runs one and gives the schedule that it came to if it fails in
 * the same way.
 */
export async function shrink(
  failing: readonly number[],
  fails: (schedule: number[]) => Promise<readonly number[] | undefined>,
): Promise<number[]> {
  let best = runsOf(failing);
  let tries = 0;
  for (let progress = true; progress; ) {
    progress = false;
    for (let at = 0; at < best.length && tries < TRIES; at++) {
      for (const shorter of shorterAt(best, at)) {
        tries++;
        const found = await fails(scheduleOf(shorter));
        if (found === undefined) continue;
        const runs = runsOf(found);
        if (runs.length >= best.length) continue;
        best = runs;
        progress = true;
        break;
      }
    }
  }
  return scheduleOf(best);
}

/** Without a run: those of the same thread beside it are one. Or it comes later, behind the next one of its thread. */
function* shorterAt(runs: readonly Run[], at: number): Generator<Run[]> {
  yield [...runs.slice(0, at), ...runs.slice(at + 1)];
  const later = runs.findIndex(({ thread }, index) => index > at + 1 && thread === runs[at]!.thread);
  if (later > 0) {
    const moved = { thread: runs[at]!.thread, length: runs[at]!.length + runs[later]!.length };
    yield [...runs.slice(0, at), ...runs.slice(at + 1, later), moved, ...runs.slice(later + 1)];
  }
}
