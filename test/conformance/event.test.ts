// Section 2.5 of the contract.
//
// Without a test: 2.5-5 [at_fork_reinit], [reset_internal_locks] (no fork).

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Event, isShared, shared, startNewThread } from 'heddle';
import { bunch, waitForFinished } from '../support/bunch.ts';
import { becomes, counter, raise, reaches, value } from '../support/counter.ts';
import { isAbout, stopwatch } from '../support/stopwatch.ts';
import { waitersOn } from '../support/waiters.ts';

test('2.5-1 [is_set] set twice, cleared twice', () => {
  const event = new Event();
  const seen = [event.isSet()];
  for (const step of [() => event.set(), () => event.set(), () => event.clear(), () => event.clear()]) {
    step();
    seen.push(event.isSet());
  }
  assert.deepEqual(seen, [false, true, true, false, false]);
});

/** Five threads wait twice each. */
function notify(event: Event): void {
  const through = counter();
  const trues = counter();
  const threads = bunch(5, () => {
    for (let n = 0; n < 2; n++) {
      if (event.wait()) raise(trues);
      raise(through);
    }
  });
  becomes(() => waitersOn(event) === 5, 'five waiters');
  assert.equal(value(through), 0);
  event.set();
  waitForFinished(threads);
  assert.deepEqual([value(through), value(trues)], [10, 10]);
}

test('2.5-2 [notify] one set lets five threads through two waits each; so does one after a clear', () => {
  const event = new Event();
  notify(event);
  event.set();
  event.clear();
  notify(event);
});

test('2.5-3 [timeout] gives false in its time when it is not set, true when it is', () => {
  const TIMEOUT = 250;
  const event = new Event();
  const findings = (): { now: number; later: number; sane: number } => {
    const [now, later, sane] = [counter(), counter(), counter()];
    const threads = bunch(5, () => {
      if (event.wait(0)) raise(now);
      const watch = stopwatch();
      if (event.wait(TIMEOUT)) raise(later);
      if (isAbout(watch, TIMEOUT)) raise(sane);
    });
    waitForFinished(threads);
    return { now: value(now), later: value(later), sane: value(sane) };
  };
  assert.deepEqual(findings(), { now: 0, later: 0, sane: 5 });
  event.set();
  assert.deepEqual(findings(), { now: 5, later: 5, sane: 0 });
});

test('2.5-4 [set_and_clear] five waiters are let through by a set that is followed by a clear at once', () => {
  const event = new Event();
  const trues = counter();
  const threads = bunch(5, () => {
    if (event.wait()) raise(trues);
  });
  becomes(() => waitersOn(event) === 5, 'five waiters');
  event.set();
  event.clear();
  waitForFinished(threads);
  assert.equal(value(trues), 5);
  assert.equal(event.isSet(), false);
});

test('2.5-6 [repr] shows unset and set', () => {
  const event = new Event();
  assert.match(String(event), /^<Event at 0x[0-9a-f]+: unset>$/);
  event.set();
  assert.match(String(event), /^<Event at 0x[0-9a-f]+: set>$/);
});

// Its interface in this language.

test('1.14-21 wait tells of a set that has been cleared since', async () => {
  const event = new Event();
  const waiting = event.waitAsync();
  event.set();
  event.clear();
  assert.equal(await waiting, true);
});

test('arguments', async () => {
  const event = new Event();
  const Untyped = Event as unknown as new (...args: unknown[]) => Event;
  assert.throws(() => new Untyped(true), { name: 'TypeError', message: /^Event expected 0 arguments, got 1/ });
  assert.throws(() => new (class extends Untyped {})(), {
    name: 'TypeError',
    message: /^Event cannot be extended/,
  });
  assert.throws(() => JSON.stringify(event), { name: 'TypeError', message: /^Event cannot be written as JSON/ });
  event.set();
  // Also when there is nothing to wait for.
  assert.throws(() => event.wait('1' as unknown as number), TypeError);
  assert.throws(() => event.wait(null as unknown as number), TypeError);
  assert.throws(() => event.wait(Number.NaN), RangeError);
  assert.throws(() => event.wait(1e100), RangeError);
  assert.throws(() => (event.wait as (...args: unknown[]) => unknown).call(event, 1, 2), TypeError);
  await assert.rejects(event.waitAsync({ timeOut: 1 } as object), TypeError);
  await assert.rejects(event.waitAsync({ signal: 1 } as unknown as { signal: AbortSignal }), TypeError);
});

test('a time that is over only looks', async () => {
  const event = new Event();
  for (const timeout of [0, -1, -0.5, -100]) {
    assert.equal(event.wait(timeout), false);
    assert.equal(await event.waitAsync({ timeout }), false);
  }
  event.set();
  assert.equal(event.wait(-1), true);
  assert.equal(await event.waitAsync({ timeout: -1 }), true);
});

test('waitAsync waits without blocking this thread', async () => {
  const event = new Event();
  const waits = [event.waitAsync(), event.waitAsync(), event.waitAsync({ timeout: 3_600_000 })];
  startNewThread(() => event.set(), []);
  assert.deepEqual(await Promise.all(waits), [true, true, true]);
  assert.equal(await event.waitAsync(), true);
});

test('waitAsync gives false after its time-out and rejects when its signal aborts', async () => {
  const event = new Event();
  assert.equal(await event.waitAsync({ timeout: 5 }), false);
  const reason = new Error('enough');
  const controller = new AbortController();
  const waiting = event.waitAsync({ signal: controller.signal });
  controller.abort(reason);
  await assert.rejects(waiting, reason);
  await assert.rejects(event.waitAsync({ signal: AbortSignal.abort(reason) }), reason);
});

test('it is one event in a field, an element, a capture and an argument', () => {
  const event = new Event();
  const box = shared({ event, list: [event] });
  assert.equal(isShared(event), true);
  const same = counter();
  startNewThread(
    (given: Event) => {
      if (given === event && box.event === event && box.list.at(0) === event) raise(same);
      given.set();
    },
    [event],
  );
  assert.equal(event.wait(), true);
  reaches(same, 1, 'the same event');
});
