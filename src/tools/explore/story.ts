// What a failing schedule tells: lines [thread, what, where, kind], noted while it is run once more.

import { CELL, cellOf } from '../../heap/values.js';
import { cellAt } from '../../heap/whereabouts.js';
import { V } from '../../memory/memory.js';
import { parking } from '../../memory/park.js';
import { inspect } from '../../platform/process.js';
import { callSite, here, ownCalls } from '../../runtime/report.js';
import { nameOfKind } from '../../sync/kinds.js';
import { nameOfCell } from '../../sync/titles.js';
import { say } from './board.js';
import { self } from './turns.js';

/** Kinds of lines. Steps that the program has not called are left out; of a thread's life nothing is. */
const STEP = 0;
const WAIT = 1;
/** What a thread has thrown. */
export const ERROR = 2;
const LIFE = 3;

/** One step of a schedule. */
export interface Step {
  /** The thread's letter. */
  readonly thread: string;
  /** What it does: "writes account.balance = 1". */
  readonly what: string;
  /** Where in the program, "/app/main.ts:12:3"; empty = it cannot be told. */
  readonly where: string;
  readonly waits: boolean;
}

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef';

export const letterOf = (thread: number): string => LETTERS[thread] ?? '?';
export const numberOf = (letter: string): number => LETTERS.indexOf(letter);

/** A value in a few characters. */
const LONGEST = 60;
function show(value: unknown): string {
  const shared = typeof value === 'object' && value !== null && cellOf(value) !== 0;
  const text = shared ? subject(value) : inspect(value).replace(/\s+/g, ' ');
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

const tell = (what: string, kind = STEP, trace = here()): void => say([self.number, what, callSite(trace), kind]);

export function tellAccess(verb: 'reads' | 'writes', field: string, value: unknown): void {
  tell(verb === 'reads' ? `reads ${field}: ${show(value)}` : `writes ${field} = ${show(value)}`);
}

/** What the word, or the object, of a step belongs to: "lock 'ledger' 0xd88030". */
function subject(of: number | object): string {
  const address = typeof of === 'number' ? cellAt(of >>> 0) : (of as { [CELL](): number })[CELL]() * 4;
  if (address === 0) return '';
  const name = nameOfCell(address);
  return `${nameOfKind(V.I32[address >>> 2]!)} ${name === '' ? `0x${address.toString(16)}` : `'${name}'`}`;
}

/** A step of the library's own: told as what the program has called. */
export function tellStep(of: number | object): void {
  const trace = here();
  const calls = ownCalls(trace);
  const called = calls.at(-1) ?? '';
  const method = called.split('.').at(-1) ?? '';
  const inner = calls.join(' ');
  const verb = /release|LetGo|\[heddle\.(let-go|save)\]/i.test(inner)
    ? 'releases'
    : /acquire|\[heddle\.(try|again)\]|hold/i.test(inner)
      ? 'acquires'
      : '';
  const on = subject(of);
  if (verb !== '') tell(`${verb} ${on}`, STEP, trace);
  else tell(`${method === '' ? 'uses' : `${method}()`}${on === '' ? '' : ` of ${on}`}`, STEP, trace);
}

export function tellWait(): void {
  tell(`waits for ${parking.on?.describe() ?? 'another thread'}`, WAIT);
}

export const tellStart = (child: number, label: string): void =>
  say([self.number, `starts ${letterOf(child)}: ${label}`, callSite(here()), LIFE]);

export const tellEnd = (): void => say([self.number, 'ends', '', LIFE]);

export const tellSubmit = (name: string): void => tell(`submits ${name === '' ? 'a function' : name}`);

export const tellTask = (name: string): void =>
  say([self.number, `runs ${name === '' ? 'the function' : name}`, '', LIFE]);

/** The steps that were told; of the same call one after another, one. */
export function stepsOf(lines: readonly (readonly unknown[])[]): Step[] {
  const steps: Step[] = [];
  for (const [thread, what, where, kind] of lines as [number, string, string, number][]) {
    if (kind === ERROR || (kind === STEP && (where === '' || what.startsWith('new ')))) continue;
    const step = { thread: letterOf(thread), what, where, waits: kind === WAIT };
    const last = steps.at(-1);
    if (last?.thread === step.thread && last.what === what && last.where === where) continue;
    steps.push(step);
  }
  return steps;
}

const WIDTH = 56;

/** The steps for people, one a line. `shorten` is how places are shown. */
export function storyOf(steps: readonly Step[], shorten: (place: string) => string): string {
  // Places stand in what is said too: of a function that a thread runs.
  const lines = steps.map(({ thread, what, where }) => ({
    thread,
    what: what.replace(/(?<= at )\S+/g, shorten),
    where: shorten(where),
  }));
  const width = Math.min(WIDTH, Math.max(...lines.map(({ what }) => what.length)));
  return lines.map(({ thread, what, where }) => `  ${thread}  ${what.padEnd(width)}  ${where}`.trimEnd()).join('\n');
}
