// Explorations find planted bugs, tell them so that the schedule can be run again, and find none where there is none.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Lock, shared } from 'heddle';
import { type Exploration, ExplorationError, explore, replay } from 'heddle/test';
import { extent } from '../support/extent.ts';
import { program } from '../support/program.ts';
import { bugs } from './bugs.ts';

const failing = async (what: Exploration<never>, options = {}): Promise<ExplorationError> => {
  try {
    await explore(what, options);
  } catch (error) {
    assert.ok(error instanceof ExplorationError, String(error));
    return error;
  }
  throw new Error('nothing was found');
};

const headline = ({ message }: Error): string => message.split('\n')[0]!.replaceAll(/0x\w+/g, '0x…');

/** Threads of the shared executor live on from one schedule to the next: which of them takes a task is not a step, so a replay may go another way. */
const OF_SHARED_EXECUTOR = 'two tasks of run()';

for (const { name, broken, mended, says } of bugs) {
  test(`found: ${name}`, async () => {
    const found = await failing(broken, { schedules: 500 });
    assert.match(found.message, says);
    if (name === OF_SHARED_EXECUTOR) return;
    assert.doesNotMatch(found.message, /did not fail a second time/);
    assert.ok(found.steps.length > 0, found.message);
    // What is replayed fails in the same way, at the same steps.
    const again = await replay(broken, found.replay).then(
      () => undefined,
      (error: ExplorationError) => error,
    );
    assert.equal(again && headline(again), headline(found));
    assert.deepEqual(
      again?.steps.map(({ thread }) => thread),
      found.steps.map(({ thread }) => thread),
    );
  });

  test(`not found when it is mended: ${name}`, async () => {
    const { schedules } = await explore(mended, { schedules: extent(20, 500) });
    assert.equal(schedules, extent(20, 500));
  });
}

test('strategy pct finds them as well', async () => {
  for (const { broken, says } of bugs.slice(0, 6)) {
    assert.match((await failing(broken, { strategy: 'pct', schedules: 500 })).message, says);
  }
});

test('strategy exhaustive finds them, and says when it has gone through all', async () => {
  for (const { broken, says } of bugs.slice(0, extent(3, 6))) {
    assert.match((await failing(broken, { strategy: 'exhaustive', schedules: 20_000 })).message, says);
  }
  const done = await explore(bugs[0]!.mended, { strategy: 'exhaustive', schedules: 20_000, preemptions: 1 });
  assert.equal(done.complete, true);
  assert.ok(done.schedules > 2, String(done.schedules));
});

test('the same seed explores the same schedules', async () => {
  const [one, other] = [await failing(bugs[0]!.broken, { seed: 7 }), await failing(bugs[0]!.broken, { seed: 7 })];
  assert.deepEqual([one.schedules, one.replay], [other.schedules, other.replay]);
});

test('wrong arguments are refused, by name', async () => {
  const what = { setup: () => shared({ n: 0 }), threads: [() => {}] };
  const cases: [unknown, unknown, RegExp][] = [
    [undefined, {}, /takes an object \{ setup, threads, check \}/],
    [{ threads: [() => {}] }, {}, /setup must be a function/],
    [{ setup: () => 1, threads: [] }, {}, /threads must be an array of functions/],
    [{ ...what, check: 1 }, {}, /check must be a function/],
    [what, { strategy: 'best' }, /strategy must be one of random, pct, exhaustive, not best/],
    [what, { schedules: 0 }, /schedules must be an integer from 1/],
    [what, { scedules: 1 }, /unknown option 'scedules'/],
    [what, { replay: 'A1?' }, /replay must be a string from a report, such as "A3B2A1", not "A1\?"/],
  ];
  for (const [given, options, message] of cases)
    await assert.rejects(explore(given as never, options as never), { message });
});

test('what cannot be explored is said', async () => {
  const what = (body: (s: { lock: Lock }) => void) => ({ setup: () => shared({ lock: new Lock() }), threads: [body] });
  await assert.rejects(explore(what((async () => {}) as never)), /must not be async/);
  await assert.rejects(
    explore(
      what((s) => {
        s.lock.acquire();
        void s.lock.acquireAsync();
      }),
    ),
    /call the method without the suffix Async/,
  );
  await assert.rejects(
    explore({
      setup: () => shared({ flag: false }),
      threads: [
        (s: { flag: boolean }) => {
          while (!s.flag);
        },
      ],
    }),
    /no end within \d+ steps/,
  );
});

test('an exploration leaves no thread behind, and the next begins anew', async () => {
  const { stdout, stderr, status } = await program(`
    import { shared, Lock, activeCount } from 'heddle';
    import { explore } from 'heddle/test';
    const what = {
      setup: () => shared({ a: new Lock({ name: 'a' }), b: new Lock({ name: 'b' }) }),
      threads: [(s) => s.a.with(() => s.b.with(() => {})), (s) => s.b.with(() => s.a.with(() => {}))],
    };
    for (let round = 0; round < 3; round++) {
      const error = await explore(what).then(() => undefined, (e) => e);
      console.log(error.replay, error.schedules, activeCount());
    }
    console.log((await explore(what).catch((e) => e)).message);
  `);
  assert.equal(stderr, '');
  assert.equal(status, 0);
  const lines = stdout.split('\n');
  assert.match(lines[0]!, /^[AB]\d+[AB]\d+[AB]?\d* \d+ 1$/);
  assert.deepEqual(lines.slice(1, 3), [lines[0], lines[0]]);
  assert.match(
    stdout,
    /^deadlock: every thread waits for ever\n {2}[AB] waits for acquire\(\) of lock '[ab]' 0x\w+ at build\/joined\/programs\/\w+\.mjs:\d+:\d+\n/m,
  );
  assert.match(stdout, /^ {2}[AB] {2}acquires lock '[ab]' +build\/joined\/programs\/\w+\.mjs:\d+:\d+$/m);
  assert.match(stdout, /^replay: '[AB0-9]+'$/m);
});
