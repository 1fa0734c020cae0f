// Dining philosophers: five of them, five forks, and each needs the two beside his plate. If they picked up forks in any order, all could hold one and
// wait for ever for the other; Heddle would report this (DeadlockError). If they pick them up in the order of their numbers, one can always eat.

import { allocateLock, shared, Thread } from 'heddle';

const PHILOSOPHERS = ['Descartes', 'Hume', 'Kant', 'Spinoza', 'Wollstonecraft'];
const MEALS = 200;

const table = shared({
  forks: PHILOSOPHERS.map(() => allocateLock()),
  /** Who has which fork: by number, -1 = it lies on the table. */
  holders: new Int32Array(PHILOSOPHERS.length).fill(-1),
  meals: new Int32Array(PHILOSOPHERS.length),
  mistakes: 0,
});

function dine(me: number): void {
  const left = me;
  const right = (me + 1) % PHILOSOPHERS.length;
  const [first, second] = left < right ? [left, right] : [right, left];
  for (let meal = 0; meal < MEALS; meal++) {
    table.forks.at(first)!.with(() =>
      table.forks.at(second)!.with(() => {
        for (const fork of [first, second]) {
          if (table.holders[fork] !== -1) table.mistakes++;
          table.holders[fork] = me;
        }
        table.meals[me]!++;
        for (const fork of [first, second]) table.holders[fork] = -1;
      }),
    );
  }
}

const threads = PHILOSOPHERS.map((name, me) => new Thread(dine, { args: [me], name }));
for (const thread of threads) thread.start();
for (const thread of threads) {
  thread.join();
  console.log(`${thread.name} has eaten ${table.meals[threads.indexOf(thread)]} times.`);
}
console.log(`Forks in two hands at once: ${table.mistakes}`);
