// What the types of Thread, Timer and ThreadLocal promise. This file is compiled, not run: every line marked as an error must be one.

import { type currentThread, type enumerate, Thread, ThreadLocal, Timer } from 'heddle';

/** Fails to compile unless both types are the same. */
function same<A, B>(..._proof: [A] extends [B] ? ([B] extends [A] ? [] : [never]) : [never]): void {}

export function threads(): Thread[] {
  const all: Thread[] = [
    new Thread(),
    new Thread(null, { name: 'a', daemon: true, stackSize: 0 }),
    new Thread(() => 1),
    new Thread(async () => {}),
    new Thread((n: number, text: string) => n + text.length, { args: [1, 'a'] }),
    new Thread((n: number, { by }: { by: number }) => n * by, { args: [1], kwargs: { by: 2 } }),
    new Thread({ target: (n: number) => n, args: [1], name: 'b' }),
    new Thread({ name: 'c' }),
  ];
  // @ts-expect-error an argument of the wrong type
  new Thread((n: number) => n, { args: ['a'] });
  // @ts-expect-error an argument too few
  new Thread((n: number) => n, { args: [] });
  // @ts-expect-error no arguments given
  new Thread((n: number) => n);
  // @ts-expect-error kwargs of the wrong type
  new Thread((n: number, { by }: { by: number }) => n * by, { args: [1], kwargs: { by: 'a' } });
  // @ts-expect-error not a function
  new Thread(42);
  // @ts-expect-error no such option
  new Thread(() => {}, { arg: [] });
  return all;
}

export function members(thread: Thread): void {
  same<typeof thread.isAlive, boolean>();
  same<typeof thread.ident, number | undefined>();
  same<ReturnType<typeof thread.join>, boolean>();
  same<ReturnType<typeof thread.joinAsync>, Promise<boolean>>();
  same<ReturnType<typeof enumerate>, Thread[]>();
  same<ReturnType<typeof currentThread>, Thread>();
  thread.name = 'x';
  thread.daemon = true;
  // @ts-expect-error it says so itself
  thread.isAlive = false;
}

export class Worker extends Thread {
  readonly n: number;
  constructor(n: number) {
    super(null, { name: `worker ${n}` });
    this.n = n;
  }
  override async run(): Promise<void> {}
}

export function timers(): void {
  const timer = new Timer(10, (n: number) => n, [1]);
  same<typeof timer.interval, number>();
  new Timer(10, () => {});
  // @ts-expect-error an argument of the wrong type
  new Timer(10, (n: number) => n, ['a']);
  // @ts-expect-error no arguments given
  new Timer(10, (n: number) => n);
}

export function locals(): void {
  const made = new ThreadLocal(() => ({ n: 1 }));
  same<typeof made.value, { n: number }>();
  same<ThreadLocal<number>['value'], number>();
  const built = new ThreadLocal((a: number, b: string) => [a, b] as const, 1, 'x');
  same<typeof built.value, readonly [number, string]>();
  // @ts-expect-error an argument of the wrong type
  new ThreadLocal((a: number) => a, 'x');
}
