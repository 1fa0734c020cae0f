// What every thread does right now: its name, its state, what it waits for and who has that, and its stack. The supervisor finds it out, so
// it does not matter what the threads are doing: their stacks come by the engine's debugging protocol, between two instructions.
//
//   R_ANSWERS      how many answers the supervisor has sent to the thread; it parks on it
//   H_QUIT_WATCH   QUIT_UNWATCHED → QUIT_BEGINS     supervisor, somebody has asked for it
//                                 → QUIT_WATCHED    the watch
//                                 → QUIT_IMPOSSIBLE the watch, or the supervisor when there is none: only the main thread can

import { atomic } from '../memory/atomics.js';
import { H_QUIT_WATCH, R_ANSWERS, R_WAIT_MODE } from '../memory/layout.js';
import { slot } from '../memory/memory.js';
import { parking } from '../memory/park.js';
import { record, recordOf } from '../memory/self.js';
import { evaluateIn } from '../platform/debugger.js';
import { onSignalInMain } from '../platform/signal.js';
import { MessageChannel, receive } from '../platform/worker.js';
import { describeOwner, describeThread, textOf } from '../sync/names.js';
import { BLOCKED, LOOPING, NOT_LATE, RESTING, WAIT_TEXT } from '../sync/patience.js';
import { mask, unmask } from '../sync/safepoint.js';
import { print } from './console.js';
import { describeHolder } from './deadlock.js';
import { callSite, here, programFrames } from './report.js';
import { ask, hasSupervisor } from './supervisor.js';
import { LEFTOVER, RUNNING, SPAWNING, slots, stateOf } from './table.js';

/** Milliseconds that a thread has to say where it is, and that the supervisor has to say what it found. */
const STACK_PATIENCE = 500;
const ANSWER_PATIENCE = 3_000;
const WATCH_PATIENCE = 2_000;

export const QUIT_UNWATCHED = 0;
export const QUIT_BEGINS = 1;
export const QUIT_WATCHED = 2;
export const QUIT_IMPOSSIBLE = 3;

/** Under which symbol on `globalThis` a thread has what tells where it is. */
const STACK = 'heddle.stack';

/** Behind what a parked thread waits for, before its stack. */
const END_OF_WAIT = '\u0000';

/** So that others can see what this thread does. */
export function showStack(): void {
  Object.defineProperty(globalThis, Symbol.for(STACK), {
    value: () => `${describeParking()}${END_OF_WAIT}${programFrames(here()).join('\n')}`,
    configurable: true,
  });
}

/** A wait that has not lasted long enough to be in the record (src/runtime/waits.ts); '' = there is none. */
function describeParking(): string {
  const { on, forever } = parking;
  if (on === undefined) return '';
  if (on.idle === true) return IDLE;
  const site = callSite(here());
  const holder = on.holder?.() ?? 0;
  return (
    `waits for ${on.describe()}${site === '' ? '' : ` at ${site}`}${forever ? '' : TIMED_TEXT}` +
    (holder === 0 ? '' : `\n    held by ${describeOwner(holder)}`)
  );
}

const IDLE = 'waits for work';
const TIMED_TEXT = ', with a time-out';

/**
 * What every thread does: name, state, what it waits for and who has that, and its stack at this moment. Blocks for some milliseconds; of
 * a thread that does not answer within half a second there is no stack.
 *
 * @example
 * console.log(threadDump().split('\n')[0]);
 */
export function threadDump(): string {
  if (!hasSupervisor()) return describe(0, programFrames(here()).join('\n'));
  const { port1, port2 } = new MessageChannel();
  const deadline = atomic.now() + ANSWER_PATIENCE;
  mask();
  try {
    ask({ type: 'dump', answer: { slot, port: port2 } }, [port2]);
    for (;;) {
      const before = atomic.load(record + R_ANSWERS);
      const text = receive(port1) as string | undefined;
      if (text !== undefined) return text;
      const left = deadline - atomic.now();
      if (left <= 0) return describeAll(new Map());
      atomic.wait(record + R_ANSWERS, before, left);
    }
  } finally {
    port1.close();
    unmask();
  }
}

/**
 * Prints on standard error what `threadDump` returns.
 *
 * @example
 * dumpThreads();
 */
export function dumpThreads(): void {
  print(2, threadDump());
}

/**
 * From now on SIGQUIT (Ctrl-\) prints on standard error what `threadDump` returns, instead of ending the process: also while the main
 * thread is blocked or computes.
 *
 * @example
 * dumpThreadsOnQuit();
 */
export function dumpThreadsOnQuit(): void {
  ask({ type: 'quit' });
  const deadline = atomic.now() + WATCH_PATIENCE;
  for (;;) {
    const state = atomic.load(H_QUIT_WATCH);
    const left = deadline - atomic.now();
    if (state >= QUIT_WATCHED || left <= 0) break;
    atomic.wait(H_QUIT_WATCH, state, left);
  }
  if (atomic.load(H_QUIT_WATCH) === QUIT_IMPOSSIBLE && slot === 0) onSignalInMain('SIGQUIT', dumpThreads);
}

/** The watch is on, or cannot be. */
export function settleQuitWatch(watched: boolean): void {
  atomic.store(H_QUIT_WATCH, watched ? QUIT_WATCHED : QUIT_IMPOSSIBLE);
  atomic.notify(H_QUIT_WATCH, Infinity);
}

/** The supervisor's side: `ids` are what the platform calls the threads of the slots. */
export async function describeThreads(ids: ReadonlyMap<number, number>): Promise<string> {
  const running = [0, ...slots()].filter(isThere);
  const asked = running.flatMap((slot) => ids.get(slot) ?? []);
  let stacks = new Map<number, string>();
  try {
    stacks = await evaluateIn(asked, `globalThis[Symbol.for('${STACK}')]()`, STACK_PATIENCE);
  } catch {
    // There is no debugger, or it is not allowed: then without stacks.
  }
  return describeAll(new Map(running.map((slot) => [slot, stacks.get(ids.get(slot) ?? -1)])));
}

function isThere(slot: number): boolean {
  const state = stateOf(slot);
  return state === RUNNING || state === LEFTOVER || state === SPAWNING;
}

function describeAll(stacks: ReadonlyMap<number, string | undefined>): string {
  return [0, ...slots()]
    .filter(isThere)
    .map((slot) => describe(slot, stacks.get(slot)))
    .join('');
}

/** `answer`: what the thread itself says. */
function describe(slot: number, answer: string | undefined): string {
  const [wait, stack] = answer?.includes(END_OF_WAIT) === true ? answer.split(END_OF_WAIT) : ['', answer];
  const frames =
    stack === undefined ? '    (where it is cannot be told)' : stack === '' ? '    (in its event loop)' : stack;
  return `${describeThread(slot)}\n    ${stateText(slot, wait)}\n${frames}\n`;
}

function stateText(slot: number, wait = ''): string {
  const state = stateOf(slot);
  if (state === SPAWNING) return 'is about to begin';
  const mode = atomic.load(recordOf(slot) + R_WAIT_MODE);
  if (mode === RESTING) return IDLE;
  if (mode !== NOT_LATE) {
    const limit = mode === BLOCKED ? '' : mode === LOOPING ? ', on its event loop' : TIMED_TEXT;
    return `waits for ${textOf(slot, WAIT_TEXT)}${limit}${describeHolder(slot)}`;
  }
  if (wait !== '') return wait;
  return state === LEFTOVER ? 'has ended; timers or handles that it left run on' : 'runs';
}
