// Producers and consumers: a queue hands over items from any thread to any other. A full queue makes producers wait, an empty one
// consumers; once it is shut down and empty, `get` throws, and loops over it end.

import { Queue, Thread } from 'heddle';

const PRODUCERS = 3;
const CONSUMERS = 2;
const ITEMS = 1_000;

const orders = new Queue<number>({ maxSize: 10 });
const sums = new Queue<number>();

const producers = Array.from(
  { length: PRODUCERS },
  () =>
    new Thread(() => {
      for (let item = 1; item <= ITEMS; item++) orders.put(item);
    }),
);

const consumers = Array.from(
  { length: CONSUMERS },
  () =>
    new Thread(async () => {
      let sum = 0;
      for await (const item of orders) {
        sum += item;
        orders.taskDone();
      }
      sums.put(sum);
    }),
);

for (const thread of [...producers, ...consumers]) thread.start();
for (const thread of producers) thread.join();
// All items were taken and done.
orders.join();
orders.shutdown();
for (const thread of consumers) thread.join();

let total = 0;
for (let n = 0; n < CONSUMERS; n++) total += sums.get();
console.log(`${PRODUCERS} × (1 + … + ${ITEMS}) = ${total}`);
