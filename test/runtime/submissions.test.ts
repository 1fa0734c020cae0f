import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Submissions } from '#heddle/futures/submissions.js';

test('each is there until it is taken', () => {
  const submissions = new Submissions(() => true);
  const sites = Array.from({ length: 2000 }, (_, n) => ({ stack: `at ${n}` }));
  for (const [n, site] of sites.entries()) submissions.set(n + 1, n * 4, site);
  assert.equal(submissions.size, 2000);
  for (const [n, site] of sites.entries()) {
    assert.equal(submissions.take(n + 1), site);
    assert.equal(submissions.take(n + 1), undefined);
  }
  assert.equal(submissions.size, 0);
});

test('one after another, for longer than there are counts', () => {
  const submissions = new Submissions(() => true);
  const old = { stack: 'old' };
  submissions.set(7, 4, old);
  for (let n = 0; n < 3000; n++) {
    const site = { stack: '' };
    const count = 1 + (n % 1000);
    if (count === 7) continue;
    submissions.set(count, 8, site);
    assert.equal(submissions.take(count), site);
  }
  assert.equal(submissions.take(7), old);
  // A count that comes again is the latest's.
  submissions.set(7, 4, old);
  const young = { stack: 'young' };
  submissions.set(7, 8, young);
  assert.equal(submissions.size, 1);
  assert.equal(submissions.take(7), young);
});

test('when there are many, those are dropped that nobody wants any more', () => {
  const wanted = new Set([3, 300, 1024]);
  const submissions = new Submissions((word, count) => word === count * 4 && wanted.has(count));
  for (let count = 1; count <= 5000; count++) submissions.set(count, count * 4, { stack: String(count) });
  assert.ok(submissions.size <= 1025 + wanted.size, String(submissions.size));
  for (const count of wanted) assert.equal(submissions.take(count)?.stack, String(count));
  assert.equal(submissions.take(4), undefined);
});
