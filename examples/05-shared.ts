// The global data space: one object that is the same in every thread. Its contents are in shared memory; nothing is copied
// to a thread or sent back.

import { allocateLock, shared, startNewThread, struct, t } from 'heddle';

const THREADS = 4;
const ROUNDS = 1_000;

// A struct declares fields and methods once. Its instances have them in every thread.
const Account = struct(
  'Account',
  { owner: t.string, balance: t.f64 },
  class {
    declare balance: number;
    deposit(amount: number) {
      this.balance += amount;
    }
  },
);

const world = shared({
  tick: 0,
  origin: { x: 1, y: 2 },
  log: [] as string[],
  players: new Map<string, { hp: number }>(),
  seen: new Set<number>(),
  pixels: new Uint8ClampedArray(THREADS),
  bank: new Account({ owner: 'everybody', balance: 0 }),
  guard: allocateLock(),
  running: THREADS,
  done: allocateLock(),
});

function live(me: number) {
  // One operation on an array, a map or a set is one step for the other threads. It needs no lock.
  world.log.push(`thread ${me} was here`);
  world.players.set(`player ${me}`, { hp: 100 + me });
  world.seen.add(me % 2);
  // A typed array is a real typed array, on shared memory. In a clamped one, numbers over 255 become 255.
  world.pixels[me] = 1000 * me;
  // `+=` is two operations, a read and a write: without the lock, additions would be lost.
  for (let round = 0; round < ROUNDS; round++) {
    world.guard.with(() => {
      world.tick++;
      world.bank.deposit(0.5);
    });
  }
  // A record in a record is shared as well. Only one thread writes this one.
  if (me === 0) world.origin.x += 41;
  if (world.guard.with(() => --world.running) === 0) world.done.release();
}

world.done.acquire();
for (let me = 0; me < THREADS; me++) startNewThread(live, [me]);
world.done.acquire();

console.log(`tick ${world.tick}, origin ${world.origin.x}/${world.origin.y}`);
console.log(world.log.toSorted());
for (const [name, { hp }] of [...world.players].sort()) console.log(`${name}: ${hp}`);
console.log(world.seen.size, world.pixels);
console.log(`${world.bank.owner}: ${world.bank.balance}`, world.bank instanceof Account);
