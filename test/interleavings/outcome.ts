// What an exploration comes to, for tests: the message of a failure is the interleaving.

import assert from 'node:assert/strict';
import type { Exploration } from './explorer.ts';

export function holds({ violation }: Exploration): void {
  if (violation !== undefined) assert.fail(`${violation.rule}\n\n${violation.trace}\n`);
}

/** The broken rule. */
export function breaks({ violation }: Exploration): NonNullable<Exploration['violation']> {
  assert.ok(violation !== undefined, 'the explorer has found nothing');
  return violation;
}

export function summary({ states, schedules, longest }: Exploration, preemptions = Infinity): string {
  const number = schedules < 1e6 ? schedules.toLocaleString('en') : schedules.toExponential(1);
  const bound = preemptions === Infinity ? 'all' : `those with at most ${preemptions} preemptions`;
  return `${number} schedules (${bound}) of up to ${longest} actions, through ${states.toLocaleString('en')} states`;
}
