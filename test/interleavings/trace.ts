// An interleaving in a readable form: one line for each step, with the thread, what it did and what came of it.
//
//   A          compareExchange lock 0 → 1          was 0
//   B          load lock                           is 1, 40 times
//   B          exchange lock = 2                   was 1
//   B          wait while lock = 2, at most 5 ms   blocks
//   - B's wait times out

import { R_WAITS, RECORD_SIZE } from '#heddle/memory/layout.js';
import { record, recordOf } from '#heddle/memory/self.js';
import type { Answer, Request } from './automaton.ts';
import { type Action, Machine, type Plan, Violation } from './machine.ts';

/** Runs the actions again, and writes down what happens. */
export function trace(plan: Plan, actions: readonly Action[]): string {
  const machine = new Machine(plan);
  const lines: string[] = [];
  machine.log = (thread, request) => {
    const line = lines.push('') - 1;
    const did = `${machine.threads[thread]!.name.padEnd(11)}${describe(plan, request)}`;
    lines[line] = did;
    return (answer) => {
      lines[line] = `${did.padEnd(47)}${came(request, answer)}`.trimEnd();
    };
  };
  try {
    let state = machine.initial();
    for (const action of actions) {
      const event = announce(machine, state.points, action);
      if (event !== undefined) lines.push(`- ${event}`);
      state = machine.apply(state, action);
    }
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
  }
  return folded(lines).join('\n');
}

/** A thread that spins says the same again and again. */
function folded(lines: readonly string[]): string[] {
  const result: string[] = [];
  for (let start = 0, end = 0; start < lines.length; start = end) {
    while (lines[end] === lines[start]) end++;
    result.push(end - start === 1 ? lines[start]! : `${lines[start]!}, ${end - start} times`);
  }
  return result;
}

/** What happens to a thread, as against what it does. */
function announce(
  machine: Machine,
  points: readonly { tasks: readonly { callback: number; name: string }[] }[],
  action: Action,
) {
  if (action.kind === 'step') return undefined;
  if (action.kind === 'lull') return 'a long time passes';
  if (action.kind === 'slice') return 'those that wait look again, after a while';
  const { name } = machine.threads[action.thread]!;
  switch (action.kind) {
    case 'turn': {
      const task = points[action.thread]!.tasks.find(({ callback }) => callback === action.callback);
      return task === undefined
        ? `${name}'s event loop: waitAsync is done, ${action.outcome}`
        : `${name}'s event loop: ${task.name}`;
    }
    case 'time-out':
      return `${name}'s ${action.callback < 0 ? 'wait' : 'waitAsync'} times out`;
    case 'spurious':
      return `${name}'s wait ends for no reason`;
    case 'kill':
      return `${name} is killed`;
  }
}

function describe(plan: Plan, { operation, address, first, second }: Request): string {
  const word = wordName(plan, address);
  const limit = second === Infinity ? '' : `, at most ${second} ms`;
  switch (operation) {
    case 'store':
    case 'exchange':
      return `${operation} ${word} = ${first}`;
    case 'compareExchange':
      return `${operation} ${word} ${first} → ${second}`;
    case 'add':
      return `${operation} ${word} ${first > 0 ? '+' : '-'} ${Math.abs(first)}`;
    case 'or':
    case 'and':
      return `${operation} ${word} ${first}`;
    case 'wait':
    case 'waitAsync':
      return `${operation} while ${word} = ${first}${limit}`;
    case 'notify':
      return `${operation} ${first === Infinity ? 'all' : first} on ${word}`;
    case 'now':
    case 'clock':
      return 'look at the clock';
    case 'enter':
      return 'ENTERS the critical section';
    case 'leave':
      return 'LEAVES the critical section';
    case 'took':
      return `has ${word}`;
    case 'load':
      return `load ${word}`;
    case 'whole':
      return `${['put', 'get', 'leave', 'shut'][first]} ${second}`;
  }
}

function came({ operation }: Request, answer: Answer | undefined): string {
  if (answer === undefined) return 'blocks';
  switch (operation) {
    case 'load':
    case 'now':
    case 'clock':
      return `is ${String(answer)}`;
    case 'enter':
    case 'leave':
    case 'took':
    case 'waitAsync':
      return '';
    case 'notify':
      return `wakes ${String(answer)}`;
    case 'wait':
    case 'whole':
      return String(answer);
    default:
      return `was ${String(answer)}`;
  }
}

function wordName({ locks, threads, words }: Plan, address: number): string {
  const named = words?.find((word) => word.address === address);
  if (named?.name !== undefined) return named.name;
  for (const [index, lock] of locks.entries()) {
    const number = locks.length === 1 ? '' : String(index + 1);
    if (address === lock) return `lock${number}`;
    if (address === lock + 4) return `async${number}`;
  }
  const owner = threads.find((_, thread) => within(recordOf(thread + 1), address));
  const field = (start: number) => (address - start === R_WAITS ? 'waits' : `record+${address - start}`);
  if (owner !== undefined) return `${owner.name}.${field(recordOf(threads.indexOf(owner) + 1))}`;
  return within(record, address) ? `its ${field(record)}` : `0x${address.toString(16)}`;
}

function within(start: number, address: number): boolean {
  return address >= start && address < start + RECORD_SIZE;
}
