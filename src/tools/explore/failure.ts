// The error by which an exploration ends: a failing schedule as a story.

import { type Step, storyOf } from './story.js';

/** What was wrong with a schedule. */
export interface Failure {
  readonly kind: 'error' | 'check' | 'deadlock' | 'endless';
  readonly text: string;
  readonly cause?: unknown;
}

export interface Details {
  readonly steps: readonly Step[];
  readonly schedules: number;
  readonly replay: string;
  readonly repeats: boolean;
  readonly preemptions: number;
  readonly strategy: string;
  readonly seed: number;
  /** Places are shown from here. */
  readonly folder: string;
}

/** A schedule was found under which something is wrong. */
export class ExplorationError extends Error {
  static {
    ExplorationError.prototype.name = 'ExplorationError';
  }

  /** What to give to `options.replay`, or to `replay()`. */
  readonly replay: string;
  /** How many schedules were run, this one included. */
  readonly schedules: number;
  /** The schedule, step by step. */
  readonly steps: readonly Step[];

  constructor({ text, kind, cause }: Failure, details: Details) {
    super(messageOf(text, kind, details), cause === undefined ? {} : { cause });
    this.replay = details.replay;
    this.schedules = details.schedules;
    this.steps = details.steps;
    // What has led here is the schedule: frames of the exploration tell nothing.
    this.stack = `${this.name}: ${this.message}`;
    Object.defineProperty(this, 'steps', { enumerable: false });
  }
}

function messageOf(text: string, kind: Failure['kind'], details: Details): string {
  const { steps, schedules, replay, repeats, preemptions, strategy, seed, folder } = details;
  const shorten = (place: string): string => (place.startsWith(`${folder}/`) ? place.slice(folder.length + 1) : place);
  const waits = kind === 'deadlock' ? waitsOf(steps, shorten) : '';
  const stops = preemptions === 1 ? 'one stop' : `${preemptions} stops`;
  return [
    text,
    ...(waits === '' ? [] : [waits]),
    '',
    `schedule ${schedules} of strategy ${strategy}, seed ${seed}; with ${stops} of a thread that could have gone on:`,
    storyOf(steps, shorten),
    '',
    repeats
      ? `replay: '${replay}'`
      : `replay: '${replay}' (it did not fail a second time: the threads do not depend on the schedule alone)`,
  ].join('\n');
}

/** Who waits for what at the end. */
function waitsOf(steps: readonly Step[], shorten: (place: string) => string): string {
  const last = new Map(steps.map((step) => [step.thread, step]));
  return [...last.values()]
    .filter(({ waits }) => waits)
    .map(({ thread, what, where }) => `  ${thread} ${what}${where === '' ? '' : ` at ${shorten(where)}`}`)
    .join('\n');
}
