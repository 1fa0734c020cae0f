// Programs for the tests of this folder: source text that begins with the names below. They look into the thread table and the shared
// heap, so that they can wait for what happens inside instead of sleeping.

import { type Outcome, type ProgramOptions, program } from '../support/program.ts';

const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const counterModule = new URL(`../support/counter.${extension}`, import.meta.url).href;

const PRELUDE = `
import * as thread from 'heddle/thread';
import { interruptible } from 'heddle';
import { becomes, counter, eventually, raise, reaches, value } from '${counterModule}';
const { _count, allocate_lock, interrupt_main, KeyboardInterrupt, start_new_thread } = thread;

/** The turn after the next of the event loop. */
function turn() {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}

/** The name of what \`action\` throws, or what it returns. */
function attempt(action) {
  try {
    return action();
  } catch (error) {
    return error.name;
  }
}
`;

/** For those that look inside. */
const INSIDE = `
import { tidyUp } from '#heddle/heap/tidy.js';
import { locksPinnedBy } from '#heddle/heap/pins.js';
import { atomic } from '#heddle/memory/atomics.js';
import { H_WORKERS, R_WAITS } from '#heddle/memory/layout.js';
import { recordOf } from '#heddle/memory/self.js';
import { checkTable, FREE, IDLE, slots, stateOf } from '#heddle/runtime/table.js';

/** Blocks until no thread runs and every worker is parked. */
function quiet() {
  becomes(() => {
    try {
      checkTable(true);
      return true;
    } catch {
      return false;
    }
  }, 'a quiet table');
}

/** How many locks some thread still has. */
function lockCount() {
  return new Set([0, ...slots()].flatMap((slot) => [...locksPinnedBy(slot)])).size;
}

/** How many slots are in this state. */
function inState(state) {
  return [...slots()].filter((slot) => stateOf(slot) === state).length;
}

/** Blocks until this many workers are parked: as many threads run at once before. */
function park(size) {
  const gate = allocate_lock();
  gate.acquire();
  const started = counter();
  for (let n = 0; n < size; n++) start_new_thread(() => { raise(started); gate.acquire(); gate.release(); }, []);
  reaches(started, size);
  gate.release();
  quiet();
}
`;

const LOOKS_INSIDE =
  /\b(tidyUp|locksPinnedBy|atomic|[HR]_[A-Z]+|recordOf|checkTable|FREE|IDLE|slots|stateOf|quiet|lockCount|inState|park)\b/;

/** What Node prints when a program ends within the moment in which the supervisor still talks to its debugger. */
const PARTING = 'Waiting for the debugger to disconnect...\n';

/** Runs source text that uses these names. */
export async function runtimeProgram(source: string, options: ProgramOptions = {}): Promise<Outcome> {
  const inside = LOOKS_INSIDE.test(source) ? INSIDE : '';
  const outcome = await program(`${PRELUDE}${inside}\n${source}`, options);
  return { ...outcome, stderr: outcome.stderr.replace(PARTING, '') };
}

/** What a program is that has printed this and ended well. */
export function silent(stdout: string): Outcome {
  return { status: 0, signal: null, stdout, stderr: '' };
}

/** What the reports on stderr name, in their order: "task", "other". */
export function reported(stderr: string): string[] {
  return [...stderr.matchAll(/^Unhandled exception in thread started by <(?:async )?function (\S+)/gm)].map(
    (match) => match[1]!,
  );
}
