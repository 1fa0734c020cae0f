// Each part of the benchmarks runs in a process of its own, because of what others' packages do: they answer wrongly, throw where nobody can
// catch it, or end the process. What a side does in that way is said in its row, and the part is run again from the row after it.

import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { activityOf, endTree } from '../test/support/activity.js';
import { LOOK, Patience } from '../test/support/patience.js';
import { failedRow, type Names, type Row, reportTo } from './harness.js';

export type Part = () => Row[] | Promise<Row[]>;

type Message =
  | { readonly begins: Names }
  | { readonly row: Row }
  | { readonly rows: readonly Row[] }
  | { readonly failure: string };

interface Attempt {
  /** All rows of the part, if it came to its end. */
  readonly rows: readonly Row[] | undefined;
  /** The comparison in which it did not. */
  readonly at: Names | undefined;
  readonly why: string;
}

const PROGRAM = fileURLToPath(new URL('run.js', import.meta.url));

/** The rows of a part, each of which has figures or says why not. */
export async function rowsOf(name: string, program = PROGRAM): Promise<Row[]> {
  const known: Row[] = [];
  for (;;) {
    const { rows, at, why } = await attempt(name, program, known);
    if (rows !== undefined) return [...rows];
    known.push(failedRow(at ?? { name, against: 'all of it', target: '–' }, 'theirs', why));
    if (at === undefined) return known;
  }
}

function attempt(name: string, program: string, known: Row[]): Promise<Attempt> {
  // Peers that fail fill the screen. The end of what they say is shown if they end the process.
  const child = fork(program, ['--part', name], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  let said = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-2000);
  });
  let at: Names | undefined;
  let rows: readonly Row[] | undefined;
  let why: string | undefined;
  child.on('message', (message: Message) => {
    if ('begins' in message) at = message.begins;
    else if ('row' in message) {
      known.push(message.row);
      at = undefined;
    } else if ('rows' in message) rows = message.rows;
    else why ??= message.failure;
  });
  child.send(known);
  const patience = new Patience(() => activityOf(child.pid!), { rest: 60_000, work: 3_600_000 });
  const looks = setInterval(() => {
    const verdict = patience.verdict();
    if (verdict === undefined) return;
    why ??= `no answer: ${verdict}`;
    endTree(child.pid!);
  }, LOOK);
  return new Promise((resolve) => {
    child.on('exit', (status, signal) => {
      clearInterval(looks);
      if (rows === undefined && said !== '') console.error(said);
      resolve({ rows, at, why: why ?? `the process ended with ${signal ?? `status ${status}`}` });
    });
  });
}

/** Runs a part in the child. */
export function runPart(part: Part): void {
  const send = (message: Message): Promise<void> => new Promise((resolve) => process.send!(message, () => resolve()));
  const fail = async (error: unknown): Promise<never> => {
    await send({ failure: String(error).split('\n')[0]! });
    process.exit(1);
  };
  process.on('uncaughtException', fail);
  process.once('message', async (known: Row[]) => {
    reportTo({ known, begins: (names) => send({ begins: names }), ends: (row) => send({ row }) });
    try {
      await send({ rows: await part() });
      process.exit();
    } catch (error) {
      await fail(error);
    }
  });
}
