// Logical threads with marks of their own, as threads of different rounds of one slot have.

import { atomic } from '#heddle/memory/atomics.js';
import { R_ENDED } from '#heddle/memory/layout.js';
import { record } from '#heddle/memory/self.js';
import { renewMark, thisThread } from '#heddle/sync/owner.js';
import { forgetDue } from '#heddle/sync/wakes.js';
import type { Program } from './automaton.ts';
import type { ThreadPlan } from './machine.ts';

/** Threads A, B, C, each with its own mark. */
export function threads(...programs: readonly Program[]): ThreadPlan[] {
  return programs.map((program, index) => ({
    name: 'ABCDE'[index]!,
    program: (context) => {
      // Its own record: no step that others see.
      atomic.store(record + R_ENDED, index + 1);
      renewMark();
      // What the run before has left: it was taken off the stack in the middle.
      forgetDue();
      program(context);
    },
  }));
}

/** Which of the threads runs now. */
export const current = (): number => (thisThread.mark >>> 15) - 1;
