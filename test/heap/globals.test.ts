// globals.get(): made once, however many race for it; if the maker fails, the next one makes.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { program } from '../support/program.ts';

const PRELUDE = `
import { allocateLock, globals, shared, startNewThread } from 'heddle';
/** Runs fn(number) on so many threads, and waits. */
function together(threads, fn) {
  const state = shared({ left: threads, lock: allocateLock(), done: allocateLock() });
  state.done.acquire();
  for (let n = 0; n < threads; n++) {
    startNewThread((n) => { try { fn(n); } finally { if (state.lock.with(() => --state.left) === 0) state.done.release(); } }, [n]);
  }
  state.done.acquire();
}
const count = shared({ made: 0, tries: 0, got: 0, lock: allocateLock(), values: [] });
`;

test('of eight threads that race for a name one makes, and all get the same object', async () => {
  const outcome = await program(`${PRELUDE}
    for (let round = 0; round < 20; round++) {
      together(8, () => count.values.push(globals.get('name ' + round, () => { count.lock.with(() => count.made++); return { round }; })));
      for (const value of count.values) if (value !== globals.get('name ' + round)) console.log('another object');
      count.values.clear();
    }
    console.log(count.made, globals.keys().length);
  `);
  assert.deepEqual([outcome.stderr, outcome.stdout], ['', '20 20\n']);
});

test('a name that others delete all the time is made again, and never nothing', async () => {
  // Interleaving: A has seen that it is there; B deletes it; A reads it.
  const outcome = await program(`${PRELUDE}
    together(3, () => {
      for (let n = 0; n < 4000; n++) {
        if (globals.get('name', () => ({ z: 1 })) === undefined) count.lock.with(() => count.got++);
        globals.delete('name');
      }
    });
    console.log(count.got);
  `);
  assert.deepEqual([outcome.stderr, outcome.stdout], ['', '0\n']);
});

test('if a maker fails its caller gets the error, and the next one makes', async () => {
  // Interleaving: A fails and lets go; B has seen A as the maker and finds it gone, while C has become the maker, or is done.
  const outcome = await program(`${PRELUDE}
    for (let round = 0; round < 40; round++) {
      count.tries = 0;
      count.got = 0;
      together(4, () => {
        try {
          globals.get('name ' + round, () => { if (count.lock.with(() => ++count.tries) < 3) throw new Error('not yet'); return {}; });
          count.lock.with(() => count.got++);
        } catch (error) {
          if (error.message !== 'not yet') throw error;
        }
      });
      if (count.tries !== 3 || count.got !== 2) console.log('round', round, count.tries, count.got);
    }
    console.log('over');
  `);
  assert.deepEqual([outcome.stderr, outcome.stdout], ['', 'over\n']);
});

test('a maker that an interrupt cuts short has not made it, and the next one makes', async () => {
  const outcome = await program(`${PRELUDE}
    import { interruptible, interruptMain } from 'heddle';
    const begun = new Int32Array(new SharedArrayBuffer(4));
    startNewThread(() => { Atomics.wait(begun, 0, 0); interruptMain(); }, []);
    try {
      interruptible(() => globals.get('a', () => { for (begun[0] = 1, Atomics.notify(begun, 0); ; ); }));
    } catch (error) { console.log(error.name); }
    together(1, () => console.log(globals.get('a', () => 'theirs')));
    globals.delete('a');
    console.log(globals.get('a', () => 'ours'));
  `);
  assert.deepEqual([outcome.stderr, outcome.stdout], ['', 'KeyboardInterrupt\ntheirs\nours\n']);
});

test('a maker that asks for its own name is told so', async () => {
  const outcome = await program(`${PRELUDE}
    try { globals.get('a', () => globals.get('a', () => 1)); } catch (error) { console.log(error.message); }
    console.log(globals.get('a', () => 2));
  `);
  assert.equal(outcome.stdout, "globals.get('a') is called by the function that makes it\n2\n");
});
