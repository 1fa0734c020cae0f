// What the types of futures and executors promise. This file is compiled, not run: every line marked as an error must be one.

import { asCompleted, Future, type MapResults, run, ThreadPoolExecutor, wait, waitAsync } from 'heddle';

/** Fails to compile unless both types are the same. */
function same<A, B>(..._proof: [A] extends [B] ? ([B] extends [A] ? [] : [never]) : [never]): void {}

export async function futures(executor: ThreadPoolExecutor): Promise<void> {
  const sum = executor.submit((a: number, b: number) => a + b, 1, 2);
  same<typeof sum, Future<number>>();
  same<ReturnType<typeof sum.result>, number>();
  const awaited = await sum;
  same<typeof awaited, number>();
  const text = await sum.then((n) => String(n));
  same<typeof text, string>();
  const either = await sum.catch(() => 'none');
  same<typeof either, number | string>();

  const later = run(async (n: number) => [n], 1);
  same<typeof later, Future<number[]>>();
  const nested = run(() => run(() => 'x'));
  same<typeof nested, Future<string>>();

  sum.result(100);
  sum.result({ timeout: 100 });
  sum.addDoneCallback((future) => future.result().toFixed());

  const byHand = new Future<string>();
  byHand.setResult('x');

  // @ts-expect-error an argument of the wrong type
  executor.submit((n: number) => n, 'x');
  // @ts-expect-error an argument too few
  run((n: number) => n);
  // @ts-expect-error not a function
  run(1);
  // @ts-expect-error a result of the wrong type
  byHand.setResult(1);
  // @ts-expect-error a text is no time-out
  sum.result('1');
  // @ts-expect-error the option's name is wrong
  new ThreadPoolExecutor({ workers: 1 });
}

export function maps(executor: ThreadPoolExecutor): void {
  same<ReturnType<typeof one>, MapResults<string>>();
  function one() {
    return executor.map((n: number) => String(n), [1, 2], { bufferSize: 2, timeout: 100 });
  }
  const two = executor.map((n: number, text: string) => text.repeat(n), [1], ['a']);
  same<typeof two, MapResults<string>>();
  const later = executor.map(async (n: number) => n, [1]);
  same<typeof later, MapResults<number>>();
  for (const text of two) text.toUpperCase();

  // @ts-expect-error items of the wrong type
  executor.map((n: number) => n, ['a']);
  // @ts-expect-error the option's name is wrong
  executor.map((n: number) => n, [1], { buffer: 2 });
}

export async function waits(futures: Future<number>[]): Promise<void> {
  const { done, notDone } = wait(futures, { timeout: 10, returnWhen: 'FIRST_COMPLETED' });
  same<typeof done, Set<Future<number>>>();
  same<typeof notDone, Set<Future<number>>>();
  await waitAsync(futures);
  for (const future of asCompleted(futures)) same<typeof future, Future<number>>();
  for await (const result of asCompleted(futures)) same<typeof result, number>();

  // @ts-expect-error there is no such condition
  wait(futures, { returnWhen: 'SECOND_COMPLETED' });
  // @ts-expect-error not futures
  wait([1]);
}
