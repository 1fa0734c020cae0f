// HEDDLE_TRACE=out.json: what each thread does, as a file for viewers, and beside it a page that shows it.

import { cellAt } from '../../heap/whereabouts.js';
import { hooks } from '../../memory/hooks.js';
import { slot } from '../../memory/memory.js';
import { writeFile } from '../../platform/files.js';
import { onExit, processId, sharedClock } from '../../platform/process.js';
import { print } from '../../runtime/console.js';
import { describeThread, labelOf, nameOf } from '../../sync/names.js';
import { equipped } from '../equipment.js';
import { cellOfLock, titleOfLock } from '../held.js';
import { numberOf } from '../texts.js';
import { makeTrace } from './events.js';
import { pageOf } from './page.js';
import {
  ACQUIRED,
  attachRing,
  BEGAN,
  ENDED,
  note,
  RELEASED,
  SUBMITTED,
  TASK_BEGAN,
  TASK_ENDED,
  WAITED,
  WAITING,
} from './ring.js';
import { totalsOf } from './totals.js';

/** Texts of locks, by cell: they are asked for at every acquisition. */
const titles = new Map<number, number>();

function titleNumber(lock: object): { cell: number; title: number } {
  const cell = cellOfLock(lock);
  const title = titles.get(cell) ?? numberOf(titleOfLock(lock));
  titles.set(cell, title);
  return { cell, title };
}

function begin(): void {
  const name = slot === 0 ? 'MainThread' : nameOf(slot) || `thread ${slot + 1}`;
  note(BEGAN, numberOf(name), numberOf(slot === 0 ? describeThread(0) : labelOf(slot)));
}

/** From now on this thread notes what it does; the main one writes all of it when the process ends. */
export function traceThread(): void {
  attachRing(equipped()!);
  const { began, ended, waiting, waited, acquired, releasing, submitted, taskBegan, taskEnded } = hooks;
  hooks.began = () => {
    began();
    begin();
  };
  hooks.ended = () => {
    note(ENDED);
    ended();
  };
  hooks.waiting = (wanted, later) => {
    waiting(wanted, later);
    // What is awaited on the event loop holds no thread up.
    if (!later) note(WAITING, numberOf(wanted.describe()), wanted.holder?.() ?? 0, wanted.idle === true ? 1 : 0);
  };
  hooks.waited = (wanted, got, later) => {
    if (!later) note(WAITED, got ? 1 : 0, cellAt(wanted.word));
    waited(wanted, got, later);
  };
  hooks.acquired = (lock, waits) => {
    acquired(lock, waits);
    const { cell, title } = titleNumber(lock);
    note(ACQUIRED, cell, title);
  };
  hooks.releasing = (lock) => {
    note(RELEASED, cellOfLock(lock));
    releasing(lock);
  };
  const named = ({ name }: { readonly name: string }): number => numberOf(name === '' ? 'anonymous function' : name);
  hooks.submitted = (task, fn) => {
    submitted(task, fn);
    note(SUBMITTED, task, named(fn));
  };
  hooks.taskBegan = (task, fn) => {
    taskBegan(task, fn);
    note(TASK_BEGAN, task, named(fn));
  };
  hooks.taskEnded = (task) => {
    note(TASK_ENDED, task);
    taskEnded(task);
  };
  if (slot !== 0) return;
  begin();
  onExit(write);
}

const percent = (part: number, whole: number): string => `${whole === 0 ? 0 : Math.round((100 * part) / whole)}%`;

function write(): void {
  const file = equipped()!.asked['HEDDLE_TRACE']!;
  const { events, lost } = makeTrace(processId, sharedClock());
  const page = `${file.replace(/\.json$/, '')}.html`;
  const json = JSON.stringify({ displayTimeUnit: 'ms', traceEvents: events });
  try {
    const encoder = new TextEncoder();
    writeFile(file, encoder.encode(json));
    writeFile(page, encoder.encode(pageOf(json)));
  } catch (error) {
    print(2, `heddle trace: ${String(error)}\n`);
    return;
  }
  const totals = totalsOf(events);
  const sum = (pick: (of: (typeof totals)[number]) => number): number =>
    totals.reduce((all, each) => all + pick(each), 0);
  const running = sum((each) => each.running);
  const waiting = sum((each) => each.waiting);
  const all = running + waiting + sum((each) => each.idle);
  const longest = totals.flatMap(({ waits }) => waits).sort((one, other) => other.time - one.time)[0];
  print(
    2,
    `heddle trace: ${totals.length} threads, ${events.length} events${lost === 0 ? '' : ` (${lost} older ones are lost)`} in ${file} and ${page}; ` +
      `running ${percent(running, all)}, waiting ${percent(waiting, all)}` +
      `${longest === undefined ? '' : `, the most for ${longest.for}`}\n`,
  );
}
