// What a thread of an exploration does: the bodies' threads, for one schedule after another, and those that are started meanwhile.

import { registerExports } from '../../closure/exports.js';
import { hooks } from '../../memory/hooks.js';
import { H_BOARD, R_KEEPS } from '../../memory/layout.js';
import { refresh, slot, V } from '../../memory/memory.js';
import { recordOf } from '../../memory/self.js';
import { describeError } from '../../runtime/report.js';
import { isExit } from '../../sync/errors.js';
import { isThenable } from '../../sync/held.js';
import { labelOf } from '../../sync/names.js';
import { raw } from '../raw.js';
import {
  COUNT,
  FAILED,
  FREE,
  get,
  MOST_THREADS,
  of,
  P_KEEPS,
  P_LOOKS,
  P_PRIORITY,
  P_STATE,
  place,
  QUIT,
  RUNNABLE,
  random,
  SLOTS,
  say,
  set,
  TRACING,
} from './board.js';
import * as own from './crew.js';
import { begin, beginTask, endTask, quiet, submitTask, watchSteps } from './points.js';
import { ERROR, tellEnd, tellStart } from './story.js';
import { Abort, awaitTurn, giveUp, isGivenUp, join, leave, self } from './turns.js';

/** Other threads find `work` by its name. */
export function makeKnown(): void {
  registerExports('heddle:tools/explore/crew', own);
}

/** A thread takes part from now on, if an exploration says so. */
export function attendBoard(): void {
  const board = raw.load(H_BOARD) >>> 0;
  if (board === 0 || place.board !== 0) return;
  refresh();
  place.board = board;
  watchSteps();
  hooks.compound = quiet;
  hooks.submitted = (_task, fn) => submitTask(fn);
  hooks.taskBegan = (_task, fn) => beginTask(fn);
  hooks.taskEnded = endTask;
  hooks.starting = starting;
  hooks.began = began;
  hooks.waiting = () => {
    if (self.number >= 0) set(of(self.number, P_LOOKS), 0);
  };
  hooks.ended = ended;
  hooks.failed = failed;
}

/** This thread starts one on a slot. */
function starting(on: number): void {
  if (self.number < 0 || isGivenUp()) return;
  const number = get(COUNT);
  if (number >= MOST_THREADS) throw new RangeError(`explore() follows ${MOST_THREADS} threads, and this is one more`);
  set(COUNT, number + 1);
  set(of(number, P_PRIORITY), random() & 0xffff);
  set(of(number, P_KEEPS), raw.load(recordOf(on) + R_KEEPS));
  set(of(number, P_STATE), RUNNABLE);
  V.U8[place.board + SLOTS + on] = number + 1;
  if (get(TRACING) === 1) tellStart(number, labelOf(on));
}

/** This thread is about to call its function. */
function began(): void {
  const number = V.U8[place.board + SLOTS + slot]! - 1;
  if (number < 0) return;
  V.U8[place.board + SLOTS + slot] = 0;
  join(number);
  begin();
  awaitTurn();
}

function ended(): void {
  if (self.number < 0) return;
  if (get(TRACING) === 1 && !isGivenUp()) tellEnd();
  leave();
}

/** This thread has ended by an error; whether that was told here. */
function failed(error: unknown): boolean {
  if (self.number < 0) return false;
  if (!isGivenUp() && !isExit(error)) fail(error);
  return true;
}

function fail(error: unknown): void {
  giveUp(FAILED);
  say([self.number, describeError(error), '', ERROR]);
}

/** What a body's thread does. `box` has what the schedule's threads are given. */
export function work(number: number, body: (state: unknown) => unknown, box: { state: unknown }): void {
  attendBoard();
  for (;;) {
    // The first turn is the sign that a schedule has begun.
    const turn = awaitTurn(number);
    if (turn === QUIT) return;
    const { state } = box;
    join(number);
    begin();
    if (turn !== FREE) run(body, state);
    leave();
  }
}

function run(body: (state: unknown) => unknown, state: unknown): void {
  try {
    if (isThenable(body(state))) {
      throw new TypeError('explore() runs threads that block: their functions must not be async, nor return a promise');
    }
  } catch (error) {
    if (!isGivenUp() && !(error instanceof Abort) && !isExit(error)) fail(error);
  }
}
